package exact

// lanes is the numbers of 32 bits in the registers that passes over vectors use: 16 with AVX-512, 8
// with AVX2, 4 with NEON, 0 in plain Go. Numbers that do not fill registers are left to plain Go.
type lanes int

// vectors is the widest form that this machine can run. Tests change it.
var vectors = machineLanes()

// whole is the part of n numbers that fills times registers at once.
func (l lanes) whole(n, times int) int {
	if l == 0 {
		return 0
	}
	return n &^ (times*int(l) - 1)
}
