package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"time"

	"github.com/lmz-go/lmz/cloud"
	"github.com/lmz-go/lmz/members"
	"github.com/lmz-go/lmz/stream"
)

// record is what is known of one archive at the end: a line of the report.
type record struct {
	Sources       []cloud.Info `json:"sources"`
	From          string       `json:"from"`
	Archive       string       `json:"archive"`
	Version       string       `json:"archive_version"`
	Bytes         int64        `json:"bytes"` // of what was compressed
	ArchiveBytes  int64        `json:"archive_bytes"`
	SHA256        string       `json:"sha256"`                  // of what was compressed; of a pack, its tar
	SourceSHA256  []string     `json:"source_sha256,omitempty"` // of the sources of a pack
	ArchiveSHA256 string       `json:"archive_sha256"`
	Level         int          `json:"level"`
	CPUSeconds    float64      `json:"cpu_seconds"` // of the process meanwhile, divided among what it did at once
	Fallbacks     int          `json:"fallbacks,omitempty"`
	Frames        int          `json:"frames,omitempty"`  // of one that was made by several workers
	Adopted       bool         `json:"adopted,omitempty"` // the archive was there, of a step that was killed
	Worker        string       `json:"worker"`
	VerifiedAt    time.Time    `json:"verified_at,omitzero"`
	VerifiedBy    string       `json:"verified_by,omitempty"`
	Source        string       `json:"source"` // what became of it: kept, tagged, deleted
}

// content streams what is compressed: the source, a part of it, or a tar of the sources, of which it
// gives the SHA-256 of each. A source of another version is cloud.ErrChanged.
func (it *item) content(ctx context.Context, b cloud.Bucket, w io.Writer) (sums []string, err error) {
	switch s := it.Sources[0]; {
	case it.Frame != nil:
		return nil, copyPart(ctx, b, s, it.Frame.Offset, it.Frame.Size, w)
	case !it.Pack:
		return nil, copyPart(ctx, b, s, 0, s.Size, w)
	}
	p := members.NewWriter(w)
	for _, s := range it.Sources {
		var one bytes.Buffer // of less than packBelow
		if err := copyPart(ctx, b, s, 0, s.Size, &one); err != nil {
			return nil, err
		}
		h := &tar.Header{Name: below(s.Key, it.Base), Size: s.Size, Mode: 0o644, ModTime: s.ModTime.Truncate(time.Second)}
		if err := p.Add(h, bytes.NewReader(one.Bytes())); err != nil {
			return nil, err
		}
		is := sha256.Sum256(one.Bytes())
		sums = append(sums, hex.EncodeToString(is[:]))
	}
	return sums, p.Close()
}

func copyPart(ctx context.Context, b cloud.Bucket, s cloud.Info, off, size int64, w io.Writer) error {
	r := cloud.Section(ctx, b, s, off, size)
	defer r.Close()
	n, err := io.Copy(w, r)
	if err == nil && n != size {
		err = fmt.Errorf("%s: %d bytes at %d, want %d", s.Key, n, off, size)
	}
	return err
}

// archive compresses the sources and puts the archive, unless it is there. That of a huge source is
// put by join: it must be there.
func (it *item) archive(ctx context.Context, worker string) (*record, error) {
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
	r := &record{Sources: it.Sources, From: it.From, Archive: it.To, Level: it.Level, Worker: worker}
	cpu := startMeter()
	defer func() { r.CPUSeconds = cpu.stop() }()
	if err = fs.ErrExist; !it.Split {
		err = it.put(ctx, from, to, key, r)
	}
	if errors.Is(err, fs.ErrExist) {
		err = it.adopt(ctx, from, to, key, r)
	}
	if err != nil {
		return nil, err
	}
	return r, it.unchanged(ctx, from)
}

// unchanged makes sure that the sources still are what was read.
func (it *item) unchanged(ctx context.Context, from cloud.Bucket) error {
	for _, s := range it.Sources {
		now, err := from.Stat(ctx, s.Key)
		if err != nil {
			return err
		}
		if now.Version != s.Version {
			return fmt.Errorf("%s: %w", s.Key, cloud.ErrChanged)
		}
	}
	return nil
}

// put compresses the sources into a new object. What each of its records decodes to is compared
// with what was read before the object is there.
func (it *item) put(ctx context.Context, from, to cloud.Bucket, key string, r *record) error {
	u, err := to.Create(ctx, key, false, it.size())
	if err != nil {
		return err
	}
	defer u.Discard()
	read, decoded, written := sha256.New(), &counter{Hash: sha256.New()}, &counter{Hash: sha256.New()}
	w, err := stream.NewWriter(io.MultiWriter(u, written), nil, stream.WithContext(ctx), stream.WithLevel(it.Level),
		stream.WithVerify(decoded, func(error) { r.Fallbacks++ }))
	if err != nil {
		return err
	}
	if r.SourceSHA256, err = it.content(ctx, from, io.MultiWriter(read, w)); err != nil {
		w.Reset(nil)
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	if sum(read) != sum(decoded) {
		return fmt.Errorf("%s: what was compressed does not decode to what was read: test the memory of this machine", it.To)
	}
	info, err := u.Commit()
	if err != nil {
		return err
	}
	r.note(info, decoded.n, sum(decoded), sum(written))
	return nil
}

func (r *record) note(info cloud.Info, bytes int64, content, archive string) {
	r.Version, r.ArchiveBytes = info.Version, info.Size
	r.Bytes, r.SHA256, r.ArchiveSHA256 = bytes, content, archive
}

// adopt takes an object that is there for the archive if it decodes to the sources: a step that was
// killed, or lost its connection, has put it.
func (it *item) adopt(ctx context.Context, from, to cloud.Bucket, key string, r *record) error {
	o, err := cloud.OpenObject(ctx, to, key)
	if err != nil {
		return err
	}
	defer o.Close()
	read, decoded, written := sha256.New(), &counter{Hash: sha256.New()}, sha256.New()
	z, err := stream.NewReader(io.TeeReader(o, written), nil, stream.WithContext(ctx))
	if err == nil {
		defer z.Close()
		_, err = z.WriteTo(decoded)
	}
	if err == nil {
		r.SourceSHA256, err = it.content(ctx, from, read)
	}
	if errors.Is(err, stream.ErrNotArchive) || err == nil && sum(read) != sum(decoded) {
		return fmt.Errorf("%s: %w with another content, and is left as it is", it.To, errExists)
	}
	if err != nil {
		return fmt.Errorf("%s exists: %w", it.To, err)
	}
	r.Adopted = true
	r.note(o.Info, decoded.n, sum(decoded), sum(written))
	return nil
}

var errExists = errors.New("exists")

// prove reads the archive back, and removes what uploads of it have left that were killed.
func (it *item) prove(ctx context.Context, r *record) error {
	b, key, err := cloud.Open(ctx, it.To)
	if err != nil {
		return err
	}
	defer b.Close()
	is := cloud.Info{Key: key, Size: r.ArchiveBytes, Version: r.Version}
	got, err := cloud.Sum(ctx, b, is)
	if err != nil {
		return err
	}
	if hex.EncodeToString(got[:]) != r.ArchiveSHA256 {
		return fmt.Errorf("%s: other bytes come back than were written: nothing is deleted", it.To)
	}
	return b.Sweep(ctx, is)
}

// dispose does with the sources what the policy says, and tells what that was. It may be called
// again.
func (it *item) dispose(ctx context.Context) (string, error) {
	if it.Policy == keep {
		return "kept", nil
	}
	b, _, err := cloud.Open(ctx, it.From)
	if err != nil {
		return "", err
	}
	defer b.Close()
	for _, s := range it.Sources {
		if it.Policy == tag {
			err = b.Tag(ctx, s, map[string]string{"lmz-archived": "true"})
		} else if err = b.Remove(ctx, s); errors.Is(err, fs.ErrNotExist) {
			err = nil // before it was killed
		}
		if err != nil {
			return "", err
		}
	}
	if it.Policy == tag {
		return "tagged", nil
	}
	return "deleted", nil
}

// The policies.
const (
	keep   = "keep"
	tag    = "tag"
	remove = "delete"
)

// counter counts what it hashes.
type counter struct {
	hash.Hash
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return c.Hash.Write(p)
}

func sum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }
