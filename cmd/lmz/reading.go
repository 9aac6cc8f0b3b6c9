package main

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/spf13/pflag"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/stream"
)

// reading is what commands that read archives share.
type reading struct {
	*app
	coding
	sequence *sequence // nil: no archive has been read from its beginning yet
	single   bool      // other archives are read at the same time
}

// addFlags defines the flags of a command that does nothing but read archives.
func (r *reading) addFlags(f *pflag.FlagSet) {
	f.VarP((*threads)(&r.workers), "threads", "T", "chunks decompressed at once, each on one of so many `CORES` (0: all)")
	f.StringArrayVarP(&r.dictFiles, "dict", "D", nil, "`FILE` with a dictionary that archives were written with; several may be given")
	f.VarP(&r.memLimit, "memlimit", "M", "refuse archives that need more memory than this to decompress (0: the default of 1GiB)")
}

// check finds flags of these, and of all commands, that make no sense.
func (r *reading) check() error {
	if r.workers < 0 || r.workers > 4096 {
		return ui.Usage("-T takes 0 to 4096", "")
	}
	if err := r.checkModel(true); err != nil {
		return err
	}
	return r.readDictionaries(r.files)
}

// readAnywhere opens the archive in a file for reading at any place, also behind damage if that is
// gone on behind.
func (r *reading) readAnywhere(ctx context.Context, name string, goesOn bool, read func(*file.Source, *stream.Archive) error) error {
	src, err := file.OpenRegular(name, "write it to a file first, or read it all with lmz -dc")
	if err != nil {
		return err
	}
	defer src.Close()
	if !goesOn {
		return r.readArchive(ctx, src, func(archive *stream.Archive) error { return read(src, archive) })
	}
	return r.readOn(ctx, src, func(archive *stream.Archive) error { return read(src, archive) })
}

// readArchive is readAnywhere for a file that is open, and whose size is known.
func (r *reading) readArchive(ctx context.Context, src *file.Source, read func(*stream.Archive) error) error {
	notice := func(damage error) { r.repaired(src.Name, damage) }
	archive, err := stream.Open(src, src.Size(), r.findModel, r.options(ctx, notice)...)
	if err != nil {
		return err
	}
	return r.closeRead(src, archive, read(archive))
}

// closeRead closes an archive that was read with err.
func (r *reading) closeRead(src *file.Source, archive *stream.Archive, err error) error {
	err = unlessAll(archive, err)
	r.traffic(src)
	if closed := archive.Close(); err == nil {
		err = closed
	}
	return err
}

// unlessAll is an error of reading an archive. One that is about all of its content does not say
// which part of it is lost.
func unlessAll(archive *stream.Archive, err error) error {
	var lost *stream.LostError
	if errors.As(err, &lost) && lost.Size == archive.Size() {
		return lost.Err
	}
	return err
}

// goOn says that a part of an archive cannot be read, and that the rest is to be.
func (r *reading) goOn(src *file.Source, archive *stream.Archive) func(*stream.LostError) error {
	return func(lost *stream.LostError) error {
		r.failed.Store(true)
		r.ui.Failure(ui.InFile(src.Name, unlessAll(archive, lost)))
		return nil
	}
}

// traffic says, with -v, what was fetched of an object.
func (a *app) traffic(src *file.Source) {
	if requests, bytes := src.Traffic(); requests > 0 && a.ui.Verbose > 0 {
		a.ui.Printf("%s: %d requests, %s fetched", ui.Input(src.Name), requests, ui.FormatBytes(bytes))
	}
}

// findModel is a stream.ModelSource.
func (r *reading) findModel(ctx context.Context, id lm.ModelID) (lm.Model, error) {
	return r.store.Model(ctx, id)
}

// options are what the flags say about reading archives. notice is told of damage that was
// repaired.
func (r *reading) options(ctx context.Context, notice func(error)) []stream.ReaderOption {
	return append(r.readerOptions(), stream.WithContext(ctx), stream.WithNotice(notice))
}

// sequence is the reader of archives that are read from their beginning, one after the other: it
// keeps its tables, the models that it has probed and the state behind a dictionary.
type sequence struct {
	reader *stream.Reader // nil: there was no archive yet
	meter  atomic.Pointer[meter]
	notice func(error)
}

// open gives the reader of the next archive, which is about the bytes in m and tells notice of
// damage.
func (s *sequence) open(ctx context.Context, r *reading, m *meter, src io.Reader, notice func(error)) (*stream.Reader, error) {
	s.meter.Store(m)
	s.notice = notice
	if s.reader != nil {
		return s.reader, s.reader.Reset(src)
	}
	told := func(damage error) { s.notice(damage) }
	z, err := stream.NewReader(src, r.findModel, r.options(metered(ctx, s.meter.Load), told)...)
	if err == nil {
		s.reader = z
	}
	return z, err
}

func (s *sequence) close() {
	if s != nil && s.reader != nil {
		s.reader.Close()
	}
}
