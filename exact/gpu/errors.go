package gpu

import "errors"

var (
	// ErrNoDevice is wrapped by errors for what there is none of: a Vulkan loader, or the device
	// that was asked for.
	ErrNoDevice = errors.New("gpu: no Vulkan device")

	// ErrDevice is wrapped by errors of a device: it ran out of memory, or was lost.
	ErrDevice = errors.New("gpu: the device failed")

	// ErrTooLarge is wrapped by errors for what the device has no room for.
	ErrTooLarge = errors.New("gpu: too large for the device")

	// ErrDiffers is wrapped by the error for a device that does not compute what the processor
	// does.
	ErrDiffers = errors.New("gpu: the device gives other logits than the processor")

	// ErrClosed says that a session was used after Close.
	ErrClosed = errors.New("gpu: session is closed")
)
