// Package codec names the methods that chunks are coded with.
package codec

import "fmt"

// Method names how a chunk is coded. Values are part of the format (docs/FORMAT.md) and are never
// reused.
type Method uint8

const (
	Raw  Method = 0 // the bytes themselves
	Zstd Method = 1 // one zstd frame without checksum
	LM   Method = 2 // the language model alone: token distribution, integer CDF, range coder
	Mix  Method = 3 // context mixing, with the language model as one more expert
	BWT  Method = 4 // the Burrows-Wheeler transform of words, for prose

	// The rank of each token among those that the language model expects, and the ranks compressed
	// (AlphaZip, arXiv 2409.15046): for comparison with LM, which takes less.
	RankGzip    Method = 5 // by DEFLATE, as gzip does
	RankBrotli  Method = 6 // by Brotli, in programs that import package brotli
	RankHuffman Method = 7 // by adaptive Huffman codes
)

func (m Method) String() string {
	names := [...]string{Raw: "raw", Zstd: "zstd", LM: "lm", Mix: "mix", BWT: "bwt",
		RankGzip: "rank-gzip", RankBrotli: "rank-brotli", RankHuffman: "rank-huffman"}
	if int(m) < len(names) {
		return names[m]
	}
	return fmt.Sprintf("method %d", uint8(m))
}

// ByTokens says whether the method codes tokens of a language model, without which it cannot be
// used.
func (m Method) ByTokens() bool {
	switch m {
	case LM, RankGzip, RankBrotli, RankHuffman:
		return true
	}
	return false
}
