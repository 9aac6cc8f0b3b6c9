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
	"os"
	"slices"
	"time"

	"github.com/lmz-go/lmz/cloud"
	"github.com/lmz-go/lmz/internal/remote"
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
// put by join: it must be there. If another archive has the name, such as that of an earlier version
// of the source, it gets another one.
func (it *item) archive(ctx context.Context, worker string) (*record, error) {
	from, _, err := cloud.Open(ctx, it.From)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	r := &record{Sources: it.Sources, From: it.From, Archive: it.To, Level: it.Level, Worker: worker}
	cpu := startMeter()
	defer func() { r.CPUSeconds = cpu.stop() }()
	err = it.archiveAs(ctx, from, it.Split, r)
	if errors.Is(err, errOther) && !it.Pack && it.Frame == nil {
		name, _ := remote.Cut(it.To, ".lmz")
		r.Archive = remote.Extend(name, "."+versionsOf(it.Sources)+".lmz")
		err = it.archiveAs(ctx, from, false, r)
	}
	if err != nil {
		return nil, err
	}
	return r, it.unchanged(ctx, from)
}

// archiveAs makes the archive whose name is in the record.
func (it *item) archiveAs(ctx context.Context, from cloud.Bucket, mustExist bool, r *record) error {
	to, key, err := cloud.Open(ctx, r.Archive)
	if err != nil {
		return err
	}
	defer to.Close()
	if err = fs.ErrExist; !mustExist {
		err = it.put(ctx, from, to, key, r)
	}
	if errors.Is(err, fs.ErrExist) {
		err = it.adopt(ctx, from, to, key, r)
	}
	return err
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

// create begins an object. Of files that not everybody may read it is a file of which the same holds.
func (it *item) create(ctx context.Context, to cloud.Bucket, key string, size int64) (cloud.Upload, error) {
	if files, ok := to.(interface{ Private() cloud.Bucket }); ok && !remote.IsURL(it.From) && slices.ContainsFunc(it.Sources, isPrivate) {
		to = files.Private()
	}
	return to.Create(ctx, key, false, size)
}

func isPrivate(s cloud.Info) bool {
	info, err := os.Stat(s.Key)
	return err != nil || info.Mode().Perm()&0o004 == 0
}

// put compresses the sources into a new object. What each of its records decodes to is compared
// with what was read before the object is there.
func (it *item) put(ctx context.Context, from, to cloud.Bucket, key string, r *record) error {
	u, err := it.create(ctx, to, key, it.size())
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
		return fmt.Errorf("%s: what was compressed does not decode to what was read: test the memory of this machine", r.Archive)
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

// adopt takes an object that is there for the archive if it decodes to the sources, or if it is a
// pack and they are in it: a step that was killed, or lost its connection, or another job has put it.
func (it *item) adopt(ctx context.Context, from, to cloud.Bucket, key string, r *record) error {
	o, err := cloud.OpenObject(ctx, to, key)
	if err != nil {
		return err
	}
	defer o.Close()
	decoded, written := &counter{Hash: sha256.New()}, sha256.New()
	is, err := it.sumsOf(ctx, o, decoded, written)
	if err == nil {
		r.SourceSHA256, err = it.compare(ctx, from, is)
	}
	switch {
	case errors.Is(err, stream.ErrNotArchive):
		err = errExists
		fallthrough
	case errors.Is(err, errExists):
		return fmt.Errorf("%s: %w, and is left as it is", r.Archive, err)
	case err != nil:
		return fmt.Errorf("%s exists: %w", r.Archive, err)
	}
	r.Adopted = true
	r.note(o.Info, decoded.n, sum(decoded), sum(written))
	return nil
}

// sumsOf decodes an archive that is there, and gives the SHA-256 of its content, or of each file in
// it if it is to be a pack.
func (it *item) sumsOf(ctx context.Context, o *cloud.Object, decoded *counter, written io.Writer) (map[string]string, error) {
	if !it.Pack {
		if a, err := stream.Open(o, o.Size(), nil); err == nil { // the index tells its size
			a.Close()
			if a.Size() != it.size() {
				return nil, errOther
			}
		}
	}
	z, err := stream.NewReader(io.TeeReader(o, written), nil, stream.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	if !it.Pack {
		_, err = z.WriteTo(decoded)
		return map[string]string{"": sum(decoded)}, err
	}
	all := map[string]string{}
	content := io.TeeReader(z, decoded)
	for t := tar.NewReader(content); ; {
		h, err := t.Next()
		if err == io.EOF {
			_, err = io.Copy(io.Discard, content)
			return all, err
		}
		if errors.Is(err, tar.ErrHeader) {
			return nil, errOther
		}
		if err != nil {
			return nil, err
		}
		if h.Typeflag == tar.TypeLink { // to one in front of it
			all[h.Name] = all[h.Linkname]
			continue
		}
		is := sha256.New()
		if _, err := io.Copy(is, t); err != nil {
			return nil, err
		}
		all[h.Name] = sum(is)
	}
}

// compare reads the sources, which must be what an archive has. It gives the SHA-256 of those of a
// pack.
func (it *item) compare(ctx context.Context, from cloud.Bucket, is map[string]string) (sums []string, err error) {
	if !it.Pack {
		read := sha256.New()
		if _, err = it.content(ctx, from, read); err == nil && sum(read) != is[""] {
			err = errOther
		}
		return nil, err
	}
	for _, s := range it.Sources {
		read := sha256.New()
		if err := copyPart(ctx, from, s, 0, s.Size, read); err != nil {
			return nil, err
		}
		if sum(read) != is[below(s.Key, it.Base)] {
			return nil, errOther
		}
		sums = append(sums, sum(read))
	}
	return sums, nil
}

var (
	errExists = errors.New("exists with another content")
	errOther  = fmt.Errorf("%w", errExists) // that of an archive
)

// prove reads the archive back, and removes what uploads of it have left that were killed.
func (it *item) prove(ctx context.Context, r *record) error {
	b, key, err := cloud.Open(ctx, r.Archive)
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
		return fmt.Errorf("%s: other bytes come back than were written: nothing is deleted", r.Archive)
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
	var failed error
	for _, s := range it.Sources {
		if it.Policy == tag {
			err = b.Tag(ctx, s, map[string]string{"lmz-archived": "true"})
		} else if err = b.Remove(ctx, s); errors.Is(err, fs.ErrNotExist) {
			err = nil // before it was killed
		}
		failed = errors.Join(failed, err)
	}
	if failed != nil {
		return "", failed
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
