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
)

func (m Method) String() string {
	names := [...]string{Raw: "raw", Zstd: "zstd", LM: "lm", Mix: "mix", BWT: "bwt"}
	if int(m) < len(names) {
		return names[m]
	}
	return fmt.Sprintf("method %d", uint8(m))
}
