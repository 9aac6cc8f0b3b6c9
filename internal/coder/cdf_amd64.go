//go:build amd64 && !purego

package coder

import "golang.org/x/sys/cpu"

var haveAVX2 = cpu.X86.HasAVX2

// maximumAVX2 sets lanes[i] to the greatest of row[i], row[i+8], …, or to NaN if one of them is,
// over n > 0 groups of 8.
//
//go:noescape
func maximumAVX2(lanes *[8]float32, row *float32, n int)

// weighAVX2 is weighGeneric for n > 0 whole blocks.
//
//go:noescape
func weighAVX2(blocks *uint64, weights *uint32, logits *float32, n int, top float32, table *[1 << exp2Bits]uint32)

func maximum(values []float32) (top float32, ok bool) {
	n := len(values) / 8
	if !haveAVX2 || n == 0 {
		return maximumGeneric(values)
	}
	var rest [16]float32
	maximumAVX2((*[8]float32)(rest[:8]), &values[0], n)
	m := 8 + copy(rest[8:], values[n*8:])
	return maximumGeneric(rest[:m])
}

func weigh(blocks []uint64, weights []uint32, logits []float32, top float32) {
	n := len(logits) / cdfBlock
	if !haveAVX2 || n == 0 {
		weighGeneric(blocks, weights, logits, top)
		return
	}
	weighAVX2(&blocks[0], &weights[0], &logits[0], n, top, exp2Table())
	weighGeneric(blocks[n:], weights[n*cdfBlock:], logits[n*cdfBlock:], top)
}

// maximumFixedAVX2 sets lanes[i] to the greatest of row[i], row[i+8], …, over n > 0 groups of 8.
//
//go:noescape
func maximumFixedAVX2(lanes *[8]int32, row *int32, n int)

// weighFixedAVX2 is weighFixedGeneric for n > 0 whole blocks.
//
//go:noescape
func weighFixedAVX2(blocks *uint64, weights *uint32, logits *int32, n int, top int32, table *[1 << exp2Bits]uint32)

func maximumFixed(values []int32) int32 {
	n := len(values) / 8
	if !haveAVX2 || n == 0 {
		return maximumFixedGeneric(values)
	}
	var rest [16]int32
	maximumFixedAVX2((*[8]int32)(rest[:8]), &values[0], n)
	m := 8 + copy(rest[8:], values[n*8:])
	return maximumFixedGeneric(rest[:m])
}

func weighFixed(blocks []uint64, weights []uint32, logits []int32, top int32) {
	n := len(logits) / cdfBlock
	if !haveAVX2 || n == 0 {
		weighFixedGeneric(blocks, weights, logits, top)
		return
	}
	weighFixedAVX2(&blocks[0], &weights[0], &logits[0], n, top, exp2Table())
	weighFixedGeneric(blocks[n:], weights[n*cdfBlock:], logits[n*cdfBlock:], top)
}
