//go:build arm64 && !purego

package exact

import "github.com/klauspost/cpuid/v2"

// isa is an instruction set for which there is a kernel in assembly.
type isa int

const (
	neon isa = iota
	neonSDOT
)

func machineKernels() []kernel {
	k := []kernel{{"neon", 0, neon.matmul}}
	if cpuid.CPU.Supports(cpuid.ASIMDDP) {
		k = append([]kernel{{"sdot", 0, neonSDOT.matmul}}, k...)
	}
	return k
}

func (isa) starts(*int32, *int8, int, int, int) {}

// tile multiplies as many of n vectors as it has registers for, and returns their number.
func (s isa) tile(n int, y *int32, yPitch int, w *byte, wPitch, panels int, x *int8, xPitch, k int, _ *int32) int {
	switch {
	case s == neonSDOT && n >= 4:
		tile4SDOT(y, yPitch, w, wPitch, panels, x, xPitch, k)
		return 4
	case s == neonSDOT && n >= 2:
		tile2SDOT(y, yPitch, w, wPitch, panels, x, xPitch, k)
		return 2
	case s == neonSDOT:
		tile1SDOT(y, yPitch, w, wPitch, panels, x, xPitch, k)
	case n >= 2:
		tile2NEON(y, yPitch, w, wPitch, panels, x, xPitch, k)
		return 2
	default:
		tile1NEON(y, yPitch, w, wPitch, panels, x, xPitch, k)
	}
	return 1
}

// tile4SDOT multiplies panels with 4 vectors.
//
//go:noescape
func tile4SDOT(y *int32, yPitch int, w *byte, wPitch, panels int, x *int8, xPitch, k int)

// tile2SDOT multiplies panels with 2 vectors.
//
//go:noescape
func tile2SDOT(y *int32, yPitch int, w *byte, wPitch, panels int, x *int8, xPitch, k int)

// tile1SDOT multiplies panels with a vector.
//
//go:noescape
func tile1SDOT(y *int32, yPitch int, w *byte, wPitch, panels int, x *int8, xPitch, k int)

// tile2NEON multiplies panels with 2 vectors.
//
//go:noescape
func tile2NEON(y *int32, yPitch int, w *byte, wPitch, panels int, x *int8, xPitch, k int)

// tile1NEON multiplies panels with a vector.
//
//go:noescape
func tile1NEON(y *int32, yPitch int, w *byte, wPitch, panels int, x *int8, xPitch, k int)
