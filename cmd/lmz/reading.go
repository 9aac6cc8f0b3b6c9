package main

import (
	"context"
	"runtime/debug"

	"github.com/spf13/pflag"

	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/stream"
)

// addReading defines the flags of a command that reads archives.
func (a *app) addReading(f *pflag.FlagSet) {
	f.IntVarP(&a.workers, "threads", "T", 0, "chunks decompressed at once, each on one core (0: all cores)")
	f.StringArrayVar(&a.dictFiles, "dict", nil, "dictionary that archives were written with; several may be given")
	f.Var(&a.memLimit, "memlimit", "refuse archives that need more memory than this to decompress (0: the default of 1GiB)")
}

// checkReading finds options of these, and of all commands, that make no sense.
func (a *app) checkReading() error {
	switch {
	case a.workers < 0 || a.workers > 4096:
		return &usageError{"-T takes 0 to 4096", ""}
	case a.json:
		return &usageError{"--json is for -l, model and version", ""}
	}
	if a.model != "" {
		if _, err := a.store.Locate(a.model); err != nil {
			return &usageError{err.Error(), hintFor(err)}
		}
	}
	return a.readDictionaries()
}

// readAnywhere opens the archive in a file for reading at any place.
func (a *app) readAnywhere(ctx context.Context, name string, read func(*source, *stream.Archive) error) error {
	src, err := openSource(name)
	if err != nil {
		return err
	}
	defer src.Close()
	if src.size() < 0 {
		return &hintedError{"cannot read parts of what is not a regular file", "write it to a file first, or read it all with lmz -dc"}
	}
	find := func(ctx context.Context, id lm.ModelID) (lm.Model, error) { return a.store.Model(ctx, id) }
	notice := func(damage error) { a.ui.repaired(name, damage) }
	archive, err := stream.Open(src, src.size(), find, a.readerOptions(ctx, notice)...)
	if err != nil {
		return err
	}
	err = read(src, archive)
	if closed := archive.Close(); err == nil {
		err = closed
	}
	return err
}

// ownMemory is what lmz takes itself, beyond the limit on archives, in bytes.
const ownMemory = 32 << 20

// readerOptions are what the flags say about reading archives. notice is told of damage that was repaired.
func (a *app) readerOptions(ctx context.Context, notice func(error)) []stream.ReaderOption {
	opts := []stream.ReaderOption{
		stream.WithReaderContext(ctx), stream.WithDictionaries(stream.DictionarySet(a.dictionaries...)), stream.WithNotice(notice),
	}
	if a.workers > 0 {
		opts = append(opts, stream.WithReaderWorkers(a.workers))
	}
	if a.lanes > 0 {
		opts = append(opts, stream.WithReaderLanes(a.lanes))
	}
	if a.memLimit > 0 {
		// What is no longer used counts until it is collected.
		debug.SetMemoryLimit(int64(a.memLimit) + ownMemory)
		opts = append(opts, stream.WithMemoryLimit(int64(a.memLimit)))
	}
	return opts
}
