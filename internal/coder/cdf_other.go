//go:build !amd64 || purego

package coder

func maximum(values []float32) (top float32, ok bool) { return maximumGeneric(values) }

func weigh(blocks []uint64, weights []uint32, logits []float32, top float32) {
	weighGeneric(blocks, weights, logits, top)
}

func maximumFixed(values []int32) int32 { return maximumFixedGeneric(values) }

func weighFixed(blocks []uint64, weights []uint32, logits []int32, top int32) {
	weighFixedGeneric(blocks, weights, logits, top)
}
