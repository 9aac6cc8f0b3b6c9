//go:build linux && (amd64 || arm64)

package gpu

import (
	"bytes"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/ebitengine/purego"
)

// device is an open Vulkan device.
type device struct {
	call       procs
	device     handle
	queues     []*queue // of one family, which run what sessions submit side by side
	family     uint32
	name       string
	dot        bool // it has an instruction for products of four int8
	memory     memoryProperties
	bufferSize uint64 // of a buffer that shaders use, at most
	shared     int    // bytes that a workgroup shares, at most

	setLayout, layout handle

	turn atomic.Uint32 // of queues
}

// queue is one that a device has.
type queue struct {
	sync.Mutex // what is submitted, one at a time
	handle     handle
}

// result is an error for what a function of Vulkan returns.
func result(name string, r uintptr) error {
	if code := int32(r); code != 0 {
		return fmt.Errorf("%w: vk%s gives %d", ErrDevice, name, code)
	}
	return nil
}

// vulkan is the instance of the process, which is never destroyed: drivers that are loaded again
// and again run out of room for what their threads own.
type vulkan struct {
	call     procs
	instance handle
}

var instance = sync.OnceValues(func() (*vulkan, error) {
	get, err := library()
	if err != nil {
		return nil, err
	}
	v := new(vulkan)
	if err := v.call.find(get, 0); err != nil {
		return nil, err
	}
	info := &instanceCreateInfo{sType: stInstanceCreateInfo, application: &applicationInfo{sType: stApplicationInfo, api: apiVersion13}}
	r, _, _ := purego.SyscallN(v.call.CreateInstance, uintptr(unsafe.Pointer(info)), 0, uintptr(unsafe.Pointer(&v.instance)))
	if err := result("CreateInstance", r); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoDevice, err)
	}
	return v, v.call.find(get, v.instance)
})

const (
	maxQueues = 8 // as many as are opened

	leastSubgroup = 4 // so that a workgroup of 128 has no more of them than shaders have room for
)

// physical is a device that there is.
type physical struct {
	handle     handle
	properties physicalDeviceProperties
	family     uint32 // of queues that compute, and draw nothing if there is one
	queues     uint32 // that it has
}

func (p *physical) name() string {
	name, _, _ := bytes.Cut(p.properties.name[:], []byte{0})
	return string(name)
}

// physicals are the devices that can compute, those that are processors last.
func (v *vulkan) physicals() ([]physical, error) {
	call, i := &v.call, v.instance
	var n uint32
	r, _, _ := purego.SyscallN(call.EnumeratePhysicalDevices, i, uintptr(unsafe.Pointer(&n)), 0)
	if err := result("EnumeratePhysicalDevices", r); err != nil || n == 0 {
		return nil, err
	}
	handles := make([]handle, n)
	r, _, _ = purego.SyscallN(call.EnumeratePhysicalDevices, i, uintptr(unsafe.Pointer(&n)), uintptr(unsafe.Pointer(&handles[0])))
	if err := result("EnumeratePhysicalDevices", r); err != nil {
		return nil, err
	}
	var first, last []physical
	for _, h := range handles[:n] {
		p := physical{handle: h}
		group := &subgroupProperties{sType: stSubgroupProperties}
		all := &properties2{sType: stProperties2, next: unsafe.Pointer(group)}
		if purego.SyscallN(call.GetPhysicalDeviceProperties, h, uintptr(unsafe.Pointer(&p.properties))); p.properties.api < apiVersion11 {
			continue
		}
		purego.SyscallN(call.GetPhysicalDeviceProperties2, h, uintptr(unsafe.Pointer(all)))
		if group.stages&stageCompute == 0 || group.operations&subgroupOperations != subgroupOperations || group.size < leastSubgroup {
			continue
		}
		var families uint32
		purego.SyscallN(call.GetPhysicalDeviceQueueFamilyProperties, h, uintptr(unsafe.Pointer(&families)), 0)
		list := make([]queueFamilyProperties, families+1)
		purego.SyscallN(call.GetPhysicalDeviceQueueFamilyProperties, h, uintptr(unsafe.Pointer(&families)), uintptr(unsafe.Pointer(&list[0])))
		for f, q := range list[:families] {
			if q.flags&queueCompute != 0 && q.count > 0 && (p.queues == 0 || q.flags&queueGraphics == 0) {
				p.family, p.queues = uint32(f), min(q.count, maxQueues)
			}
		}
		switch {
		case p.queues == 0:
		case p.properties.kind == typeCPU:
			last = append(last, p)
		default:
			first = append(first, p)
		}
	}
	return append(first, last...), nil
}

// openDevice opens the device of this number in Devices.
func openDevice(number int) (*device, error) {
	v, err := instance()
	if err != nil {
		return nil, err
	}
	d := &device{call: v.call}
	if err := d.open(v, number); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

func (d *device) open(v *vulkan, number int) error {
	list, err := v.physicals()
	if err != nil {
		return err
	}
	if number < 0 || number >= len(list) {
		return fmt.Errorf("%w: device %d of %d", ErrNoDevice, number, len(list))
	}
	p := &list[number]
	d.name, d.family = p.name(), p.family
	d.bufferSize = uint64(p.properties.limits.maxStorageBufferSize)
	d.shared = int(p.properties.limits.maxSharedMemory)
	purego.SyscallN(d.call.GetPhysicalDeviceMemoryProperties, p.handle, uintptr(unsafe.Pointer(&d.memory)))
	priorities := make([]float32, p.queues)
	info := &deviceCreateInfo{
		sType: stDeviceCreateInfo, queues: 1,
		queue: &deviceQueueCreateInfo{sType: stDeviceQueueCreateInfo, family: p.family, count: p.queues, priorities: &priorities[0]},
	}
	if p.properties.api >= apiVersion13 {
		dot := &features{sType: stIntegerDotFeatures}
		all := &features2{sType: stFeatures2, next: unsafe.Pointer(dot)}
		purego.SyscallN(d.call.GetPhysicalDeviceFeatures2, p.handle, uintptr(unsafe.Pointer(all)))
		if d.dot = dot.has != 0; d.dot {
			dot.next = nil
			info.next = unsafe.Pointer(dot)
		}
	}
	r, _, _ := purego.SyscallN(d.call.CreateDevice, p.handle, uintptr(unsafe.Pointer(info)), 0, uintptr(unsafe.Pointer(&d.device)))
	if err := result("CreateDevice", r); err != nil {
		d.device = 0
		return err
	}
	for i := range p.queues {
		q := new(queue)
		purego.SyscallN(d.call.GetDeviceQueue, d.device, uintptr(d.family), uintptr(i), uintptr(unsafe.Pointer(&q.handle)))
		d.queues = append(d.queues, q)
	}
	return d.makeLayout()
}

// makeLayout makes the layout that all pipelines share: buffers and push constants.
func (d *device) makeLayout() error {
	var list [bindings]setLayoutBinding
	for i := range list {
		list[i] = setLayoutBinding{uint32(i), descriptorStorage, 1, stageCompute, nil}
	}
	if err := d.create("CreateDescriptorSetLayout", d.call.CreateDescriptorSetLayout,
		unsafe.Pointer(&setLayoutCreateInfo{sType: stSetLayoutCreateInfo, count: bindings, bindings: &list[0]}), &d.setLayout); err != nil {
		return err
	}
	return d.create("CreatePipelineLayout", d.call.CreatePipelineLayout, unsafe.Pointer(&pipelineLayoutCreateInfo{
		sType: stPipelineLayoutCreateInfo, sets: 1, set: &d.setLayout, ranges: 1,
		push: &pushConstantRange{stageCompute, 0, uint32(unsafe.Sizeof(push{}))},
	}), &d.layout)
}

// create calls a function that makes an object of the device.
func (d *device) create(name string, f uintptr, info unsafe.Pointer, to *handle) error {
	r, _, _ := purego.SyscallN(f, d.device, uintptr(info), 0, uintptr(unsafe.Pointer(to)))
	runtime.KeepAlive(info)
	if err := result(name, r); err != nil {
		*to = 0
		return err
	}
	return nil
}

// destroy calls a function that frees an object, if there is one.
func (d *device) destroy(f uintptr, object handle) {
	if object != 0 {
		purego.SyscallN(f, d.device, object, 0)
	}
}

func (d *device) close() {
	if d.device != 0 {
		d.destroy(d.call.DestroyPipelineLayout, d.layout)
		d.destroy(d.call.DestroyDescriptorSetLayout, d.setLayout)
		purego.SyscallN(d.call.DestroyDevice, d.device, 0)
	}
	d.device = 0
}

// pipeline compiles a shader for the values of its constants, by their numbers.
func (d *device) pipeline(code []byte, constants []uint32) (handle, error) {
	words := make([]uint32, len(code)/4) // aligned
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), len(code)), code)
	var module, p handle
	if err := d.create("CreateShaderModule", d.call.CreateShaderModule, unsafe.Pointer(&shaderModuleCreateInfo{
		sType: stShaderModuleCreateInfo, size: uint64(len(code)), code: unsafe.Pointer(&words[0]),
	}), &module); err != nil {
		return 0, err
	}
	defer d.destroy(d.call.DestroyShaderModule, module)
	entries := make([]specializationEntry, len(constants))
	for i := range entries {
		entries[i] = specializationEntry{uint32(i), uint32(4 * i), 4}
	}
	entry := []byte("main\x00")
	info := &computePipelineCreateInfo{
		sType: stComputePipelineCreate, layout: d.layout, index: -1,
		stage: pipelineStage{
			sType: stPipelineStageCreateInfo, stage: stageCompute, module: module, entry: &entry[0],
			specialization: &specializationInfo{uint32(len(entries)), &entries[0], uint64(4 * len(constants)), &constants[0]},
		},
	}
	r, _, _ := purego.SyscallN(d.call.CreateComputePipelines, d.device, 0, 1, uintptr(unsafe.Pointer(info)), 0, uintptr(unsafe.Pointer(&p)))
	return p, result("CreateComputePipelines", r)
}

// buffer is memory of the device.
type buffer struct {
	buffer, memory handle
	size           uint64
	mapped         unsafe.Pointer // nil: only the device sees it
}

// makeBuffer makes a buffer of words, in memory with all of one of these sets of flags, the best
// first.
func (d *device) makeBuffer(words int, flags ...uint32) (b buffer, err error) {
	b.size = 4 * uint64(max(words, 1))
	if b.size > d.bufferSize {
		return b, fmt.Errorf("%w: a buffer of %d bytes, of which %s takes %d", ErrTooLarge, b.size, d.name, d.bufferSize)
	}
	if err := d.create("CreateBuffer", d.call.CreateBuffer, unsafe.Pointer(&bufferCreateInfo{
		sType: stBufferCreateInfo, size: b.size, usage: usageStorage | usageTransferSrc | usageTransferDst,
	}), &b.buffer); err != nil {
		return b, err
	}
	defer func() {
		if err != nil {
			d.free(b)
			b = buffer{}
		}
	}()
	var needs memoryRequirements
	purego.SyscallN(d.call.GetBufferMemoryRequirements, d.device, b.buffer, uintptr(unsafe.Pointer(&needs)))
	kind := -1
	for _, want := range flags {
		for i := range int(d.memory.types) {
			if kind < 0 && needs.types>>i&1 != 0 && d.memory.memory[i].flags&want == want {
				kind = i
			}
		}
	}
	if kind < 0 {
		return b, fmt.Errorf("%w: no memory of the kind that is needed", ErrDevice)
	}
	if err := d.create("AllocateMemory", d.call.AllocateMemory, unsafe.Pointer(&memoryAllocateInfo{
		sType: stMemoryAllocateInfo, size: needs.size, kind: uint32(kind),
	}), &b.memory); err != nil {
		return b, err
	}
	r, _, _ := purego.SyscallN(d.call.BindBufferMemory, d.device, b.buffer, b.memory, 0)
	if err := result("BindBufferMemory", r); err != nil {
		return b, err
	}
	if flags[0]&memoryHostVisible != 0 {
		r, _, _ := purego.SyscallN(d.call.MapMemory, d.device, b.memory, 0, uintptr(b.size), 0, uintptr(unsafe.Pointer(&b.mapped)))
		return b, result("MapMemory", r)
	}
	return b, nil
}

func (d *device) free(b buffer) {
	d.destroy(d.call.DestroyBuffer, b.buffer)
	d.destroy(d.call.FreeMemory, b.memory)
}
