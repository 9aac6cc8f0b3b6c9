package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/preset"
	"github.com/lmz-go/lmz/internal/timestamp"
	"github.com/lmz-go/lmz/stream"
)

// encoding is what the flags say about the bytes that compressing gives.
type encoding struct {
	method    string
	preset    *int // nil: no flag says so
	usual     *int // the preset then; nil: the default
	noModel   bool
	noFilter  bool
	noMerkle  bool
	chunkSize ui.ByteSize
	primer    ui.ByteSize
	primed    bool // primer is given
	times     string
}

// methods are the ways to compress that a user may choose.
var methods, methodNames = named(codec.Mix, codec.BWT, codec.LM, codec.RankGzip, codec.RankBrotli, codec.RankHuffman, codec.Zstd, codec.Raw)

func named(list ...codec.Method) (methods map[string]codec.Method, names []string) {
	methods = map[string]codec.Method{}
	for _, m := range list {
		methods[m.String()] = m
		names = append(names, m.String())
	}
	return methods, names
}

func (e *encoding) addFlags(f *pflag.FlagSet) {
	addPresets(f, &e.preset)
	f.StringVar(&e.method, "method", "mix", "the `METHOD`: mix (context mixing, the presets; prose by bwt up to -4), bwt (block sorting), lm (the language model alone), rank-gzip, rank-brotli or rank-huffman (the model's ranks of the tokens, compressed: to compare), zstd or raw")
	f.BoolVar(&e.noFilter, "no-filter", false, "leave out the filters, 2 % of the archive or less, that spare lmz grep most of the decompressing")
	f.BoolVar(&e.noMerkle, "no-merkle", false, "leave out the hashes of lines, 32 bytes for 4 MiB, that spare lmz prove most of the decompressing")
	f.StringVar(&e.times, "time-format", "", "the `FORMAT` of times in lines, as strftime has it (default the usual ways): each chunk says which times it has, for --since of lmz cat and lmz grep")
	f.BoolVar(&e.noModel, "no-model", false, "ask no model, whatever the preset: any lmz can decompress the archive")
}

func (e *encoding) addSizes(f *pflag.FlagSet) {
	f.Var(&e.chunkSize, "chunk-size", "bytes of input in a chunk, the unit of parallel work and of damage (0: by the preset; 64KiB with lm and the rank methods, 8MiB with bwt, 1MiB with zstd and raw; at least 1KiB). With mix the first chunk is as large as --primer-size, and what fits into that is one chunk: --primer-size 0 cuts it, too")
	f.Var(&e.primer, "primer-size", "bytes of the first chunk with mix, from whose state all others start (0: they start from nothing; by default 256 KiB, 1 MiB for chunks below 1 MiB, and text from farther back, a lead, that is found in the first 16 or 32 MiB)")
}

// check finds options that make no sense, whatever is done with them.
func (e *encoding) check() error {
	if _, known := methods[e.method]; !known {
		return ui.Usage(fmt.Sprintf("unknown method %q", e.method), "methods are mix, bwt, lm, rank-gzip, rank-brotli, rank-huffman, zstd and raw")
	}
	if _, err := timestamp.NewFinder(e.times); err != nil {
		return ui.Usage("--time-format: "+err.Error(), "")
	}
	level, err := environmentLevel()
	if err != nil {
		return err
	}
	e.usual = level
	if max(e.chunkSize, e.primer) > format.MaxChunkSize {
		return ui.Usage("--chunk-size and --primer-size are at most 1GiB", "")
	}
	least := ui.ByteSize(1 << 10) // what stands around a chunk is small against it
	if methods[e.method].ByTokens() {
		least = 16 // a model is slow, and so many chunks keep it busy
	}
	if e.chunkSize > 0 && e.chunkSize < least {
		return ui.Usage(fmt.Sprintf("--chunk-size %s: it is at least %s", e.chunkSize.String(), least.String()), "it is in bytes, or has a unit such as 64KiB")
	}
	return nil
}

// checkMethod finds options that the method to compress with has no use for. model is that of -m.
func (e *encoding) checkMethod(model string, dictionaries int) error {
	method := methods[e.method]
	switch {
	case method != codec.Mix && e.preset != nil:
		return ui.Usage(fmt.Sprintf("-%d with --method %s", *e.preset, e.method), "presets are levels of the method mix")
	case method != codec.Mix && (dictionaries > 0 || e.primed):
		return ui.Usage("--dict and --primer-size with --method "+e.method, "they are for the method mix")
	case dictionaries > 1:
		return ui.Usage("several dictionaries", "only to decompress more than one may be given")
	case dictionaries > 0 && e.primed:
		return ui.Usage("--dict and --primer-size exclude each other", "with a dictionary, all chunks start from it")
	case e.noModel && method.ByTokens():
		return ui.Usage("--no-model with --method "+e.method, "")
	case e.noModel && model != "":
		return ui.Usage("--no-model with -m", "")
	case model != "" && method != codec.Mix && !method.ByTokens():
		return ui.Usage("-m with --method "+e.method, "this method asks no model")
	}
	return nil
}

// level is that of the method mix.
func (e *encoding) level() int {
	for _, level := range []*int{e.preset, e.usual} {
		if level != nil {
			return *level
		}
	}
	return preset.Default
}

// asksModel says whether compressing takes a model. model is that of -m.
func (e *encoding) asksModel(model string) bool {
	method := methods[e.method]
	return method.ByTokens() || method == codec.Mix && !e.noModel && (model != "" || usesModel(e.level()))
}

// needsModel says whether compressing cannot do without the model that it takes.
func (e *encoding) needsModel(model string) bool {
	return methods[e.method].ByTokens() || model != "" || preset.Level(e.level()).Model == preset.Always
}

// writerOptions are what the flags say about the archive.
func (e *encoding) writerOptions() []stream.WriterOption {
	opts := []stream.WriterOption{stream.WithMethod(methods[e.method]), stream.WithLevel(e.level()), stream.WithFilter(!e.noFilter), stream.WithLineHashes(!e.noMerkle), stream.WithTimeFormat(e.times)}
	if e.primed {
		opts = append(opts, stream.WithPrimer(int(e.primer)))
	}
	if e.chunkSize > 0 {
		opts = append(opts, stream.WithChunkSize(int(e.chunkSize)))
	}
	return opts
}
