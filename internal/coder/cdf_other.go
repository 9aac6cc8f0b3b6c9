//go:build !amd64 || purego

package coder

func maximum(values []float32) (top float32, ok bool) { return maximumGeneric(values) }

func weigh(blocks []uint64, weights []uint32, logits []float32, top float32) {
	weighGeneric(blocks, weights, logits, top)
}
