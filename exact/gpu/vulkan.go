//go:build linux && (amd64 || arm64)

package gpu

import (
	"fmt"
	"reflect"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// What is used of the Vulkan API (registry.khronos.org/vulkan), under its own names. Structures
// are laid out as C does with 64 bits.

// procs are the functions that are called, each named as in the API, without vk.
type procs struct {
	CreateInstance, EnumeratePhysicalDevices, GetPhysicalDeviceProperties, GetPhysicalDeviceFeatures2,
	GetPhysicalDeviceProperties2, GetPhysicalDeviceMemoryProperties, GetPhysicalDeviceQueueFamilyProperties,
	CreateDevice, GetDeviceQueue, DestroyDevice uintptr

	CreateBuffer, DestroyBuffer, GetBufferMemoryRequirements, AllocateMemory, FreeMemory, BindBufferMemory, MapMemory uintptr

	CreateShaderModule, DestroyShaderModule, CreateDescriptorSetLayout, DestroyDescriptorSetLayout, CreatePipelineLayout,
	DestroyPipelineLayout, CreateComputePipelines, DestroyPipeline uintptr

	CreateDescriptorPool, DestroyDescriptorPool, AllocateDescriptorSets, UpdateDescriptorSets uintptr

	CreateCommandPool, DestroyCommandPool, AllocateCommandBuffers, BeginCommandBuffer, EndCommandBuffer, CmdBindPipeline,
	CmdBindDescriptorSets, CmdPushConstants, CmdDispatch, CmdPipelineBarrier, CmdCopyBuffer uintptr

	QueueSubmit, CreateFence, DestroyFence, WaitForFences, ResetFences uintptr
}

// handle is a Vulkan object; 0: none.
type handle = uintptr

const (
	libraryName = "libvulkan.so.1"

	apiVersion11 = 1<<22 | 1<<12
	apiVersion13 = 1<<22 | 3<<12

	typeCPU = 4 // VK_PHYSICAL_DEVICE_TYPE_CPU

	queueGraphics = 1
	queueCompute  = 2

	subgroupOperations = 1 | 2 | 4 // basic, vote, arithmetic

	memoryDeviceLocal  = 1
	memoryHostVisible  = 2
	memoryHostCoherent = 4
	memoryHostCached   = 8

	usageTransferSrc = 1
	usageTransferDst = 2
	usageStorage     = 32

	descriptorStorage = 7
	stageCompute      = 32 // VK_SHADER_STAGE_COMPUTE_BIT
	bindCompute       = 1
	pipelineCompute   = 0x800 // VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT
	pipelineTransfer  = 0x1000
	pipelineHost      = 0x4000

	accessShaderRead    = 0x20
	accessShaderWrite   = 0x40
	accessTransferRead  = 0x800
	accessTransferWrite = 0x1000
	accessHostRead      = 0x2000
)

// Values of sType.
const (
	stApplicationInfo          = 0
	stInstanceCreateInfo       = 1
	stDeviceQueueCreateInfo    = 2
	stDeviceCreateInfo         = 3
	stSubmitInfo               = 4
	stMemoryAllocateInfo       = 5
	stFenceCreateInfo          = 8
	stBufferCreateInfo         = 12
	stShaderModuleCreateInfo   = 16
	stPipelineStageCreateInfo  = 18
	stComputePipelineCreate    = 29
	stPipelineLayoutCreateInfo = 30
	stSetLayoutCreateInfo      = 32
	stDescriptorPoolCreateInfo = 33
	stDescriptorSetAllocate    = 34
	stWriteDescriptorSet       = 35
	stCommandPoolCreateInfo    = 39
	stCommandBufferAllocate    = 40
	stCommandBufferBegin       = 42
	stMemoryBarrier            = 46
	stFeatures2                = 1000059000
	stProperties2              = 1000059001
	stSubgroupProperties       = 1000094000
	stIntegerDotFeatures       = 1000280000
)

type applicationInfo struct {
	sType uint32
	_     [2]unsafe.Pointer
	_     uint32
	_     unsafe.Pointer
	_     uint32
	api   uint32
}

type instanceCreateInfo struct {
	sType       uint32
	next        unsafe.Pointer
	flags       uint32
	application *applicationInfo
	layers      uint32
	layerNames  unsafe.Pointer
	extensions  uint32
	names       unsafe.Pointer
}

type physicalDeviceProperties struct {
	api, driver, vendor, device, kind uint32
	name                              [256]byte
	uuid                              [16]byte
	limits                            limits
	sparse                            [5]uint32
}

type limits struct {
	_                    [0]uint64 // for the sake of alignment
	_                    [7]uint32
	maxStorageBufferSize uint32
	_                    [46]uint32
	maxSharedMemory      uint32 // maxComputeSharedMemorySize
	_                    [71]uint32
}

type memoryProperties struct {
	types     uint32
	memory    [32]struct{ flags, heap uint32 }
	heaps     uint32
	heapSizes [16]struct {
		size  uint64
		flags uint32
	}
}

type queueFamilyProperties struct{ flags, count, timestampBits, x, y, z uint32 }

type features2 struct {
	sType    uint32
	next     unsafe.Pointer
	features [55]uint32
}

// features is a structure of one feature, that is chained to others.
type features struct {
	sType uint32
	next  unsafe.Pointer
	has   uint32
}

type properties2 struct {
	sType      uint32
	next       unsafe.Pointer
	properties physicalDeviceProperties
}

type subgroupProperties struct {
	sType                          uint32
	next                           unsafe.Pointer
	size, stages, operations, quad uint32
}

type deviceQueueCreateInfo struct {
	sType         uint32
	_             unsafe.Pointer
	_             uint32
	family, count uint32
	priorities    *float32
}

type deviceCreateInfo struct {
	sType      uint32
	next       unsafe.Pointer
	flags      uint32
	queues     uint32
	queue      *deviceQueueCreateInfo
	layers     uint32
	layerNames unsafe.Pointer
	extensions uint32
	names      unsafe.Pointer
	features   unsafe.Pointer
}

type bufferCreateInfo struct {
	sType    uint32
	next     unsafe.Pointer
	flags    uint32
	size     uint64
	usage    uint32
	sharing  uint32
	families uint32
	family   unsafe.Pointer
}

type memoryRequirements struct {
	size, alignment uint64
	types           uint32
}

type memoryAllocateInfo struct {
	sType uint32
	next  unsafe.Pointer
	size  uint64
	kind  uint32
}

type shaderModuleCreateInfo struct {
	sType uint32
	next  unsafe.Pointer
	flags uint32
	size  uint64
	code  unsafe.Pointer
}

type setLayoutBinding struct {
	binding, kind, count, stages uint32
	samplers                     unsafe.Pointer
}

type setLayoutCreateInfo struct {
	sType    uint32
	next     unsafe.Pointer
	flags    uint32
	count    uint32
	bindings *setLayoutBinding
}

type pushConstantRange struct{ stages, offset, size uint32 }

type pipelineLayoutCreateInfo struct {
	sType  uint32
	next   unsafe.Pointer
	flags  uint32
	sets   uint32
	set    *handle
	ranges uint32
	push   *pushConstantRange
}

type specializationEntry struct {
	id, offset uint32
	size       uint64
}

type specializationInfo struct {
	count   uint32
	entries *specializationEntry
	size    uint64
	data    *uint32
}

type pipelineStage struct {
	sType          uint32
	next           unsafe.Pointer
	flags          uint32
	stage          uint32
	module         handle
	entry          *byte
	specialization *specializationInfo
}

type computePipelineCreateInfo struct {
	sType  uint32
	next   unsafe.Pointer
	flags  uint32
	stage  pipelineStage
	layout handle
	base   handle
	index  int32
}

type descriptorPoolSize struct{ kind, count uint32 }

type descriptorPoolCreateInfo struct {
	sType uint32
	next  unsafe.Pointer
	flags uint32
	sets  uint32
	sizes uint32
	size  *descriptorPoolSize
}

type descriptorSetAllocateInfo struct {
	sType  uint32
	next   unsafe.Pointer
	pool   handle
	count  uint32
	layout *handle
}

type descriptorBufferInfo struct {
	buffer      handle
	offset, len uint64
}

type writeDescriptorSet struct {
	sType                         uint32
	next                          unsafe.Pointer
	set                           handle
	binding, element, count, kind uint32
	image                         unsafe.Pointer
	buffer                        *descriptorBufferInfo
	texel                         unsafe.Pointer
}

type commandPoolCreateInfo struct {
	sType         uint32
	next          unsafe.Pointer
	flags, family uint32
}

type commandBufferAllocateInfo struct {
	sType        uint32
	next         unsafe.Pointer
	pool         handle
	level, count uint32
}

type commandBufferBeginInfo struct {
	sType       uint32
	next        unsafe.Pointer
	flags       uint32
	inheritance unsafe.Pointer
}

type memoryBarrier struct {
	sType    uint32
	next     unsafe.Pointer
	src, dst uint32
}

type bufferCopy struct{ src, dst, size uint64 }

type submitInfo struct {
	sType   uint32
	next    unsafe.Pointer
	waits   uint32
	wait    unsafe.Pointer
	stages  unsafe.Pointer
	buffers uint32
	buffer  *handle
	signals uint32
	signal  unsafe.Pointer
}

type fenceCreateInfo struct {
	sType uint32
	next  unsafe.Pointer
	flags uint32
}

// library finds vkGetInstanceProcAddr in the Vulkan loader of the system.
var library = sync.OnceValues(func() (uintptr, error) {
	lib, err := purego.Dlopen(libraryName, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return 0, fmt.Errorf("%w: no Vulkan loader: %v", ErrNoDevice, err)
	}
	return purego.Dlsym(lib, "vkGetInstanceProcAddr")
})

// find fills in the functions: without an instance the first, which makes one, with it the others.
func (p *procs) find(get uintptr, instance handle) error {
	v := reflect.ValueOf(p).Elem()
	first, last := 0, 1
	if instance != 0 {
		first, last = 1, v.NumField()
	}
	for i := first; i < last; i++ {
		name := "vk" + v.Type().Field(i).Name
		text := append([]byte(name), 0)
		f, _, _ := purego.SyscallN(get, instance, uintptr(unsafe.Pointer(&text[0])))
		if f == 0 {
			return fmt.Errorf("%w: the Vulkan loader has no %s", ErrNoDevice, name)
		}
		*(v.Field(i).Addr().Interface().(*uintptr)) = f
	}
	return nil
}
