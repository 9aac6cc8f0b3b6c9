//go:build !cgo

package train

// kernel is never made without cgo.
type kernel struct{}

func newKernel(string, Config) (*kernel, error) { return nil, ErrNotBuilt }

func (*kernel) name() string                                       { return "" }
func (*kernel) matrices() int                                      { return 0 }
func (*kernel) packed() []byte                                     { return nil }
func (*kernel) packScratch() int                                   { return 0 }
func (*kernel) muonScratch() int                                   { return 0 }
func (*kernel) pack([]float32, int, []byte, []byte)                {}
func (*kernel) newArena(rows, time int, keep bool) (*arena, error) { return nil, ErrNotBuilt }
func (*kernel) add(sum, part []float32)                            {}
func (*kernel) adam(w, g, m, v []float32, r, a, b, c, d float64)   {}

func (*kernel) muon(w, g, m []float32, rows, columns int, rate, beta, decay float64, scratch []byte) {
}

type arena struct{ rows, time int }

func (*arena) close() {}

type net struct {
	k      *kernel
	params []float32
	packed []byte
}

func (*net) pass(*arena, []int32, []int32, int, int, float32, []float32, []float32, *net, *arena, float32) (sum, kl float64) {
	return 0, 0
}
