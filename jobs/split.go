package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/lmz-go/lmz/cloud"
	"github.com/lmz-go/lmz/internal/remote"
)

// Bytes. An object of hugeSize and more is archived as frames of frameSize each, by all workers.
// Both say which bytes an archive has, so they are no options. Tests make them small.
var (
	hugeSize  int64 = 1 << 30
	frameSize int64 = 256 << 20
)

// frame is a part of a huge source, which becomes a frame of its archive.
type frame struct {
	Offset  int64  `json:"offset"`
	Size    int64  `json:"size"`
	Archive string `json:"archive"` // URL or name of what it will be a frame of
}

// frames is how many a source is divided into.
func (it *item) frames() int { return int((it.size() + frameSize - 1) / frameSize) }

// divide gives the items of the frames between these ends. Until all are there, each is an object of
// its own beside the archive.
func (it *item) divide(id string, ends []int64) (all []*item) {
	from := int64(0)
	for n, end := range ends {
		f := *it
		f.Split = false
		f.Frame = &frame{from, end - from, it.To}
		f.To = it.frameName(id, n)
		all = append(all, &f)
		from = end
	}
	return all
}

// frameName is that of the object of a frame. It has the identity of the workflow in it, so that
// frames of another version of the source have others.
func (it *item) frameName(id string, n int) string {
	to, query := remote.CutQuery(it.To)
	dir := to[:strings.LastIndexAny(to, `/\`)+1]
	return fmt.Sprintf("%s%s%s-%06d.lmz%s", dir, cloud.Hidden, path.Base(id), n, query)
}

// cuts finds the ends of the frames: behind the last line end in the last eighth of frameSize, or
// at frameSize if there is none; always from a multiple of it, so that each can be found alone. It
// gives none if there is an archive.
func (it *item) cuts(ctx context.Context) (ends []int64, err error) {
	if is, err := versionOf(ctx, it.To); err != nil || is != "" {
		return nil, err
	}
	from, _, err := cloud.Open(ctx, it.From)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	for end := frameSize; end < it.size(); end += frameSize {
		cut, err := lineEnd(ctx, from, it.Sources[0], end-frameSize/8, end)
		if err != nil {
			return nil, err
		}
		ends = append(ends, cut)
	}
	return append(ends, it.size()), nil
}

// lineEnd finds where the last line that ends between two offsets does, from behind; or to.
func lineEnd(ctx context.Context, b cloud.Bucket, s cloud.Info, from, to int64) (int64, error) {
	end := to
	for n := int64(64 << 10); end > from; n *= 8 {
		at := max(from, end-n)
		r := cloud.Section(ctx, b, s, at, end-at)
		text, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(text, '\n'); i >= 0 {
			return at + int64(i) + 1, nil
		}
		end = at
	}
	return to, nil
}

// split archives a huge object: its frames are workflows of their own, for any worker, and are
// joined when all are there. Meanwhile the source is hashed as a whole. Each frame, and each
// frame's share of the hash, is recorded, and not done again after a crash. It gives the frames,
// whose objects are still there; none if there was an archive.
func (e *engine) split(ctx dbos.Context, it *item) (*record, []*item, error) {
	id, err := dbos.GetWorkflowID(ctx)
	if err != nil {
		return nil, nil, err
	}
	ends, err := step(ctx, "split", it.cuts)
	if err != nil {
		return nil, nil, err
	}
	worker := ctx.GetExecutorID()
	if len(ends) == 0 {
		r, err := step(ctx, "archive", func(ctx context.Context) (*record, error) { return it.archive(ctx, worker) })
		return r, nil, err
	}
	frames := it.divide(id, ends)
	var running []dbos.WorkflowHandle[*record]
	for n, f := range frames {
		h, err := dbos.RunWorkflow(ctx, frameWorkflow, *f, dbos.WithWorkflowID(fmt.Sprintf("%s/%06d", id, n)), dbos.WithQueue(e.queue))
		if err != nil {
			return nil, nil, err
		}
		running = append(running, h)
	}
	made, all, err := gather(ctx, frames, running)
	if err == nil {
		var r *record
		r, err = step(ctx, "join", func(ctx context.Context) (*record, error) { return it.join(ctx, made, all) })
		return r, frames, err
	}
	if ctx.Err() == nil {
		_, failed := step(ctx, "abandon", func(ctx context.Context) (bool, error) { return it.abandon(ctx, frames) })
		err = errors.Join(err, failed)
	}
	return nil, nil, err
}

// gather hashes the source and waits for the frames: for all of them, so that none is under way
// when one has failed.
func gather(ctx dbos.Context, frames []*item, running []dbos.WorkflowHandle[*record]) (made []*record, all hashed, err error) {
	var parts []string // SHA-256 of each frame's content
	cpu := 0.0
	for _, f := range frames {
		before := all.State
		if all, err = step(ctx, "hash", func(ctx context.Context) (hashed, error) { return f.hash(ctx, before) }); err != nil {
			break
		}
		parts = append(parts, all.Part)
		cpu += all.CPUSeconds
	}
	all.CPUSeconds = cpu
	for n, h := range running {
		r, failed := h.GetResult(dbos.WithHandlePollingInterval(polling))
		if err != nil {
			continue
		}
		if err = failed; err == nil && r.SHA256 != parts[n] {
			err = fmt.Errorf("%s: the %d bytes at %d were compressed as others than are there", frames[n].Sources[0].Key, r.Bytes, frames[n].Frame.Offset)
		}
		made = append(made, r)
	}
	return made, all, err
}

// frameWorkflow makes the object of a frame.
func frameWorkflow(ctx dbos.Context, it item) (*record, error) {
	worker := ctx.GetExecutorID()
	r, err := step(ctx, "archive", func(ctx context.Context) (*record, error) { return it.archive(ctx, worker) })
	if err != nil {
		return nil, err
	}
	// Whoever was taken for dead may come when all is joined, or the job has been cancelled.
	_, err = step(ctx, "late", it.late)
	if errors.Is(err, dbos.ErrWorkflowCancelled) && ctx.Err() == nil {
		err = errors.Join(err, it.remove(ctx))
	}
	return r, err
}

// late removes the object of a frame if its archive is there, and says whether it was.
func (it *item) late(ctx context.Context) (bool, error) {
	is, err := versionOf(ctx, it.Frame.Archive)
	if err != nil || is == "" {
		return false, err
	}
	return true, it.remove(ctx)
}

// versionOf is that of an object, or nothing if there is none.
func versionOf(ctx context.Context, name string) (string, error) {
	b, key, err := cloud.Open(ctx, name)
	if err != nil {
		return "", err
	}
	defer b.Close()
	info, err := b.Stat(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return info.Version, err
}

// remove removes the object of a frame, if there is one, and what uploads of it have left.
func (it *item) remove(ctx context.Context) error {
	b, key, err := cloud.Open(ctx, it.To)
	if err != nil {
		return err
	}
	defer b.Close()
	info, err := b.Stat(ctx, key)
	if err == nil {
		err = b.Remove(ctx, info)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return b.Sweep(ctx, cloud.Info{Key: key, Size: 2 * frameSize})
}

// removeAll removes the objects of frames.
func removeAll(ctx context.Context, frames []*item) error {
	for _, f := range frames {
		if err := f.remove(ctx); err != nil {
			return err
		}
	}
	return nil
}

// abandon removes the objects of frames, which wait for lmz job resume, if that cannot succeed
// either, since the source is no longer what it was.
func (it *item) abandon(ctx context.Context, frames []*item) (bool, error) {
	from, _, err := cloud.Open(ctx, it.From)
	if err != nil {
		return false, err
	}
	defer from.Close()
	if err := it.unchanged(ctx, from); !errors.Is(err, cloud.ErrChanged) && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	return true, removeAll(ctx, frames)
}

// hashed is a SHA-256 on its way through a source.
type hashed struct {
	State      []byte  `json:"state"`
	Sum        string  `json:"sum"`  // of all so far
	Part       string  `json:"part"` // of this frame
	CPUSeconds float64 `json:"cpu_seconds"`
}

// hash goes on from a state with the content of a frame.
func (it *item) hash(ctx context.Context, state []byte) (h hashed, err error) {
	b, _, err := cloud.Open(ctx, it.From)
	if err != nil {
		return h, err
	}
	defer b.Close()
	cpu := startMeter()
	defer func() { h.CPUSeconds = cpu.stop() }()
	whole, part := sha256.New(), sha256.New()
	if state != nil {
		if err := whole.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
			return h, err
		}
	}
	if _, err = it.content(ctx, b, io.MultiWriter(whole, part)); err != nil {
		return h, err
	}
	h.Sum, h.Part = sum(whole), sum(part)
	h.State, err = whole.(encoding.BinaryMarshaler).MarshalBinary()
	return h, err
}

// join makes one archive of the frames, unless it is there.
func (it *item) join(ctx context.Context, frames []*record, all hashed) (*record, error) {
	from, _, err := cloud.Open(ctx, it.From)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	to, key, err := cloud.Open(ctx, it.To)
	if err != nil {
		return nil, err
	}
	defer to.Close()
	r := &record{Sources: it.Sources, From: it.From, Archive: it.To, Level: it.Level, Frames: len(frames), SHA256: all.Sum, CPUSeconds: all.CPUSeconds}
	var workers []string
	for _, f := range frames {
		r.Bytes += f.Bytes
		r.ArchiveBytes += f.ArchiveBytes
		r.CPUSeconds += f.CPUSeconds
		r.Fallbacks += f.Fallbacks
		workers = append(workers, f.Worker)
	}
	slices.Sort(workers)
	r.Worker = strings.Join(slices.Compact(workers), " ")
	cpu := startMeter()
	err = it.concatenate(ctx, to, key, r, frames)
	if errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist) {
		err = it.isJoined(ctx, from, to, key, r, frames, err)
	}
	r.CPUSeconds += cpu.stop()
	if err != nil {
		return nil, err
	}
	return r, it.unchanged(ctx, from)
}

// concatenate puts the archive, of the objects of its frames as they were made.
func (it *item) concatenate(ctx context.Context, to cloud.Bucket, key string, r *record, frames []*record) error {
	u, err := it.create(ctx, to, key, r.ArchiveBytes)
	if err != nil {
		return err
	}
	defer u.Discard()
	written := sha256.New()
	if err := readFrames(ctx, frames, io.MultiWriter(u, written)); err != nil {
		return err
	}
	info, err := u.Commit()
	if err != nil {
		return err
	}
	r.note(info, r.Bytes, r.SHA256, sum(written))
	return nil
}

// readFrames reads the objects of frames.
func readFrames(ctx context.Context, frames []*record, w io.Writer) error {
	for _, f := range frames {
		if err := f.read(ctx, w); err != nil {
			return err
		}
	}
	return nil
}

// read reads the archive, which must be what was made.
func (r *record) read(ctx context.Context, w io.Writer) error {
	b, key, err := cloud.Open(ctx, r.Archive)
	if err != nil {
		return err
	}
	defer b.Close()
	is := sha256.New()
	made := cloud.Info{Key: key, Size: r.ArchiveBytes, Version: r.Version}
	if err := copyPart(ctx, b, made, 0, made.Size, io.MultiWriter(w, is)); err != nil {
		return err
	}
	if sum(is) != r.ArchiveSHA256 {
		return fmt.Errorf("%s: other bytes come back than were written", path.Base(key))
	}
	return nil
}

// isJoined takes an archive that is there if it is that of the frames: a step that was killed, or
// lost its connection, has put it. If the frames are gone, another worker has removed them behind
// that, and it is decoded.
func (it *item) isJoined(ctx context.Context, from, to cloud.Bucket, key string, r *record, frames []*record, why error) error {
	info, err := to.Stat(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		return why
	}
	if err != nil {
		return err
	}
	want := sha256.New()
	switch err := readFrames(ctx, frames, want); {
	case errors.Is(err, fs.ErrNotExist):
		return it.adopt(ctx, from, to, key, r)
	case err != nil:
		return err
	}
	is, err := cloud.Sum(ctx, to, info)
	if err != nil {
		return err
	}
	if hex.EncodeToString(is[:]) != sum(want) {
		return it.adopt(ctx, from, to, key, r)
	}
	r.Adopted = true
	r.note(info, r.Bytes, r.SHA256, sum(want))
	return nil
}
