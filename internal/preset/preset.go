// Package preset has one row for each level of compression: what -0 … -9 and stream.WithLevel mean,
// but for the contexts and tables of the mixer, which are in internal/mix. It is part of the
// format: chunks are cut, primed and given to the model by it.
package preset

// Preset is what a level means beyond the mixer.
type Preset struct {
	ChunkSize int      // bytes
	Memory    int64    // bytes of the mixer's tables, about, for each worker and each primed state
	Model     ModelUse // where there is a model
	Price     int64    // what a step of the model must save to be worth its time, in 1/32 of a bit
	InProse   int64    // the same in prose, where a model gains most and is given more time
	Sorted    int      // bytes of the smallest chunk of prose that is block-sorted; 0: none is
}

// ModelUse says when a level asks the model.
type ModelUse uint8

const (
	Never     ModelUse = iota // unless one is named
	WherePays                 // and if it saved a hundredth of the first chunk
	Always                    // where it saves anything
)

// Default is the level where none is chosen, and Max the last one; the first is 0.
const (
	Default = 6
	Max     = len(presets) - 1
)

const mib = 1 << 20

var presets = [...]Preset{
	0: {ChunkSize: 8 * mib, Memory: 7 * mib, Model: Never, Price: 256, InProse: 256, Sorted: 64 << 10},
	1: {ChunkSize: 8 * mib, Memory: 8 * mib, Model: Never, Price: 256, InProse: 256, Sorted: 64 << 10},
	2: {ChunkSize: 8 * mib, Memory: 13 * mib, Model: Never, Price: 256, InProse: 256, Sorted: 144 << 10},
	3: {ChunkSize: 16 * mib, Memory: 23 * mib, Model: Never, Price: 256, InProse: 256, Sorted: 192 << 10},
	4: {ChunkSize: 16 * mib, Memory: 49 * mib, Model: WherePays, Price: 64, InProse: 32, Sorted: mib},
	5: {ChunkSize: 16 * mib, Memory: 68 * mib, Model: WherePays, Price: 32, InProse: 8},
	6: {ChunkSize: 16 * mib, Memory: 108 * mib, Model: WherePays, Price: 16, InProse: 4},
	7: {ChunkSize: 16 * mib, Memory: 173 * mib, Model: WherePays, Price: 8, InProse: 2},
	8: {ChunkSize: 16 * mib, Memory: 320 * mib, Model: WherePays, Price: 4, InProse: 1},
	9: {ChunkSize: 64 * mib, Memory: 600 * mib, Model: Always, Price: 1, InProse: 1},
}

// Level gives the row of a level, 0 … Max; of any other, one that is all zero.
func Level(n int) Preset {
	if n < 0 || n > Max {
		return Preset{}
	}
	return presets[n]
}

// LeastAsked is the size in bytes of the smallest content that the model is asked about where it
// must pay: what it can save of less is not what its name takes.
const LeastAsked = 16 << 10

// Chunk sizes of the methods that have no levels, in bytes.
const (
	ModelChunkSize = 64 << 10 // of lm
	PlainChunkSize = mib      // of zstd and raw
	BWTChunkSize   = 8 * mib
)

// MaxLead is the most bytes of what a first chunk begins with: text that other places of the input
// have most in common with (package cover). It is no part of the content.
const MaxLead = mib - MinPrimer

// LeadView is in how many bytes, from the first on, it is looked for: two chunks or more, else 0.
func LeadView(chunkSize int) int {
	switch {
	case chunkSize < mib:
		return 16 * mib
	case chunkSize <= 16*mib:
		return 32 * mib
	}
	return 0
}

// LeadLeast is how many bytes of a lead may be there for each that is found again in another place
// (see cover.Pick). It is less where there are more places, and where the lead takes room of the
// primer's, as with small chunks.
func LeadLeast(chunkSize int) int {
	switch {
	case chunkSize < mib:
		return 4
	case chunkSize <= 8*mib:
		return 5
	}
	return 10
}

// MinPrimer is how much of the content, in bytes, is in a first chunk that others start from.
const MinPrimer = 256 << 10

// PrimerSize is the size of the primer that fits chunks of this size, in bytes. Small chunks have
// little but their primer to learn from.
func PrimerSize(chunkSize int) int {
	if chunkSize < mib {
		return mib
	}
	return MinPrimer
}
