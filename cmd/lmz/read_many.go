package main

import (
	"sync"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/internal/remote"
	"github.com/lmz-go/lmz/stream"
)

// readMany reads archives of one chunk side by side, each on one core by a function that worker
// makes, and gives those that are left, which are to be read one after the other, each on all
// cores: larger ones, and all if there is a --memlimit, for with a share of it a damaged chunk might
// not be mended, and be called lost.
func (r *reading) readMany(files []string, worker func(reading) func(name string) error) (left []string) {
	cores := min(r.cores(), len(files))
	if cores < 2 || r.memLimit > 0 || r.model != "" { // a file of a model is opened once
		return files
	}
	for _, name := range files {
		r.outcome(name) // in the order in which they are given
	}
	var mu sync.Mutex
	var sequences []*sequence
	sideBySide(cores, func() func(string) {
		one := *r
		one.workers, one.single = 1, true
		one.sequence = new(sequence)
		mu.Lock()
		sequences = append(sequences, one.sequence)
		mu.Unlock()
		read := worker(one)
		return func(name string) { r.each([]string{name}, read) }
	}, func(give func(string)) {
		for _, name := range files {
			if r.isSmall(name) {
				give(name)
			} else {
				left = append(left, name)
			}
		}
	})
	for _, s := range sequences {
		s.close()
	}
	return left
}

// smallObject is how large an archive is, in bytes, that is read on one core.
const smallObject = 256 << 10

// isSmall says whether a regular file is an archive of one chunk, or an object is as small as one:
// to look would be one request more.
func (r *reading) isSmall(name string) bool {
	switch size := r.sizeOf(name); {
	case size < 0:
		return false
	case remote.IsURL(name):
		return size < smallObject
	}
	src, err := file.Open(name, false)
	if err != nil {
		return false
	}
	defer src.Close()
	frames, err := stream.ReadIndex(src, src.Size())
	return err == nil && len(frames) == 1 && len(frames[0].Chunks) <= 1
}
