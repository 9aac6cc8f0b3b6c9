// Package gpu computes models of class exact on a GPU, through Vulkan, with the bits that package
// exact computes on the processor: docs/ARITHMETIC.md is one arithmetic for both. An archive that
// was written on a GPU opens without, and the other way round.
//
// It needs a Vulkan loader and a driver at run time, and nothing when it is built. It is a module
// of its own, so that users of the library do not get what it needs.
package gpu
