//go:build linux && (amd64 || arm64)

package gpu

import (
	"unsafe"

	"github.com/ebitengine/purego"
)

// commands makes command buffers, which can be submitted again and again, and a fence to wait for
// them.
type commands struct {
	device *device
	queue  *queue
	pool   handle
	fence  handle
}

func (d *device) newCommands() (*commands, error) {
	c := &commands{device: d, queue: d.queues[int(d.turn.Add(1))%len(d.queues)]}
	err := d.create("CreateCommandPool", d.call.CreateCommandPool, unsafe.Pointer(&commandPoolCreateInfo{
		sType: stCommandPoolCreateInfo, family: d.family,
	}), &c.pool)
	if err == nil {
		err = d.create("CreateFence", d.call.CreateFence, unsafe.Pointer(&fenceCreateInfo{sType: stFenceCreateInfo}), &c.fence)
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *commands) close() {
	c.device.destroy(c.device.call.DestroyFence, c.fence)
	c.device.destroy(c.device.call.DestroyCommandPool, c.pool)
}

// recorder records a command buffer.
type recorder struct {
	device   *device
	commands handle
}

// record makes a command buffer of what f records.
func (c *commands) record(f func(*recorder)) (handle, error) {
	d := c.device
	r := &recorder{device: d}
	code, _, _ := purego.SyscallN(d.call.AllocateCommandBuffers, d.device, uintptr(unsafe.Pointer(&commandBufferAllocateInfo{
		sType: stCommandBufferAllocate, pool: c.pool, count: 1,
	})), uintptr(unsafe.Pointer(&r.commands)))
	if err := result("AllocateCommandBuffers", code); err != nil {
		return 0, err
	}
	code, _, _ = purego.SyscallN(d.call.BeginCommandBuffer, r.commands, uintptr(unsafe.Pointer(&commandBufferBeginInfo{sType: stCommandBufferBegin})))
	if err := result("BeginCommandBuffer", code); err != nil {
		return 0, err
	}
	r.barrier() // what others have written
	f(r)
	code, _, _ = purego.SyscallN(d.call.EndCommandBuffer, r.commands)
	return r.commands, result("EndCommandBuffer", code)
}

// barrier makes what was written before it seen by what comes after it.
func (r *recorder) barrier() {
	const stages = pipelineCompute | pipelineTransfer
	b := &memoryBarrier{
		sType: stMemoryBarrier, src: accessShaderWrite | accessTransferWrite,
		dst: accessShaderRead | accessShaderWrite | accessTransferRead | accessTransferWrite | accessHostRead,
	}
	purego.SyscallN(r.device.call.CmdPipelineBarrier, r.commands, stages, stages|pipelineHost, 0, 1, uintptr(unsafe.Pointer(b)), 0, 0, 0, 0)
}

// copy copies the first bytes of a buffer.
func (r *recorder) copy(from, to buffer, size uint64) {
	purego.SyscallN(r.device.call.CmdCopyBuffer, r.commands, from.buffer, to.buffer, 1, uintptr(unsafe.Pointer(&bufferCopy{size: size})))
	r.barrier()
}

func (r *recorder) bind(set handle) {
	s := &set
	purego.SyscallN(r.device.call.CmdBindDescriptorSets, r.commands, bindCompute, r.device.layout, 0, 1, uintptr(unsafe.Pointer(s)), 0, 0)
}

// dispatch runs x times y workgroups.
func (r *recorder) dispatch(pipeline handle, p push, x, y int) {
	purego.SyscallN(r.device.call.CmdBindPipeline, r.commands, bindCompute, pipeline)
	at := &p
	purego.SyscallN(r.device.call.CmdPushConstants, r.commands, r.device.layout, stageCompute, 0, unsafe.Sizeof(p), uintptr(unsafe.Pointer(at)))
	purego.SyscallN(r.device.call.CmdDispatch, r.commands, uintptr(x), uintptr(y), 1)
	r.barrier()
}

// run submits command buffers, and waits until they have been executed.
func (c *commands) run(list ...handle) error {
	d := c.device
	info := &submitInfo{sType: stSubmitInfo, buffers: uint32(len(list)), buffer: &list[0]}
	c.queue.Lock()
	r, _, _ := purego.SyscallN(d.call.QueueSubmit, c.queue.handle, 1, uintptr(unsafe.Pointer(info)), c.fence)
	c.queue.Unlock()
	if err := result("QueueSubmit", r); err != nil {
		return err
	}
	f := &c.fence
	r, _, _ = purego.SyscallN(d.call.WaitForFences, d.device, 1, uintptr(unsafe.Pointer(f)), 1, ^uintptr(0))
	if err := result("WaitForFences", r); err != nil {
		return err
	}
	r, _, _ = purego.SyscallN(d.call.ResetFences, d.device, 1, uintptr(unsafe.Pointer(f)))
	return result("ResetFences", r)
}
