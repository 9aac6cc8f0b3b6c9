package main

import (
	"fmt"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/stream"
)

// coding is what the flags say about coding in either direction.
type coding struct {
	workers   int
	lanes     int
	memLimit  ui.ByteSize
	dictFiles []string

	dictionaries [][]byte // read from dictFiles
}

func (c *coding) check() error {
	if min(c.workers, c.lanes) < 0 || max(c.workers, c.lanes) > 4096 {
		return ui.Usage("-T and --lanes take 0 to 4096", "")
	}
	return nil
}

// readDictionaries reads the files of --dict, which the run is to keep.
func (c *coding) readDictionaries(files *file.Set) error {
	files.Keep(c.dictFiles...)
	for _, name := range c.dictFiles {
		text, err := readAll(name)
		if err == nil && len(text) == 0 {
			err = fmt.Errorf("the dictionary is empty")
		}
		if err != nil {
			return ui.Usage(ui.InFile(name, err).Error(), "")
		}
		c.dictionaries = append(c.dictionaries, text)
	}
	return nil
}

// readerOptions are what the flags say about decompressing.
func (c *coding) readerOptions() []stream.ReaderOption {
	opts := []stream.ReaderOption{stream.WithDictionaries(stream.DictionarySet(c.dictionaries...))}
	if c.workers > 0 {
		opts = append(opts, stream.WithWorkers(c.workers))
	}
	if c.lanes > 0 {
		opts = append(opts, stream.WithLanes(c.lanes))
	}
	if c.memLimit > 0 {
		c.limitMemory()
		opts = append(opts, stream.WithMemoryLimit(int64(c.memLimit)))
	}
	return opts
}

// writerOptions are what the flags say about compressing.
func (c *coding) writerOptions() (opts []stream.WriterOption) {
	if len(c.dictionaries) > 0 {
		opts = append(opts, stream.WithDictionary(c.dictionaries[0]))
	}
	if c.workers > 0 {
		opts = append(opts, stream.WithWorkers(c.workers))
	}
	if c.lanes > 0 {
		opts = append(opts, stream.WithLanes(c.lanes))
	}
	return opts
}
