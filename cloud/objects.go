package cloud

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"path"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// objects is a bucket of an object store.
type objects struct {
	b    *blob.Bucket
	name string
	kept bool // Close does not close b
}

func (o objects) Close() error {
	if o.kept {
		return nil
	}
	return o.b.Close()
}

// Of multipart uploads: bytes of a part, which are more where more than maxParts of them would be
// needed, the most that S3 takes; and how many are in memory besides one that is being filled.
const (
	partSize    = 16 << 20
	maxParts    = 10_000
	partsAtOnce = 2
)

func partSizeOf(object int64) int { return int(max(partSize, (object+maxParts-1)/maxParts)) }

func (o objects) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		for it := o.b.List(&blob.ListOptions{Prefix: prefix}); ; {
			l, err := it.Next(ctx)
			if err == io.EOF {
				return
			}
			if err != nil {
				if err = named("list", prefix, err); errors.Is(err, fs.ErrNotExist) {
					err = noBucket(o.name)
				}
				yield(Info{}, err)
				return
			}
			if l.IsDir || strings.HasPrefix(path.Base(l.Key), Hidden) {
				continue
			}
			info := Info{Key: l.Key, Size: l.Size, ModTime: l.ModTime}
			info.Version = version(l.As, info)
			if !yield(info, nil) {
				return
			}
		}
	}
}

func (o objects) Stat(ctx context.Context, key string) (Info, error) {
	info, _, err := o.stat(ctx, key)
	return info, err
}

func (o objects) stat(ctx context.Context, key string) (Info, map[string]string, error) {
	a, err := o.b.Attributes(ctx, key)
	if err != nil {
		return Info{}, nil, named("stat", key, err)
	}
	info := Info{Key: key, Size: a.Size, ModTime: a.ModTime}
	info.Version = version(a.As, info)
	return info, a.Metadata, nil
}

func (o objects) First(ctx context.Context, key string, n int64) (io.ReadCloser, Info, error) {
	r, err := o.b.NewRangeReader(ctx, key, 0, n, &blob.ReaderOptions{BeforeRead: quiet})
	if err != nil {
		// A store may find that an object without bytes does not have the first ones.
		if info, failed := o.Stat(ctx, key); failed == nil && info.Size == 0 {
			return io.NopCloser(eof{}), info, nil
		}
		return nil, Info{}, named("open", key, err)
	}
	info := Info{Key: key, Size: r.Size(), ModTime: r.ModTime()}
	info.Version = version(r.As, info)
	return r, info, nil
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

func (o objects) Range(ctx context.Context, of Info, off, n int64) (io.ReadCloser, error) {
	r, err := o.b.NewRangeReader(ctx, of.Key, off, n, &blob.ReaderOptions{BeforeRead: func(as func(any) bool) error {
		match(as, of.Version)
		return quiet(as)
	}})
	if gcerrors.Code(err) == gcerrors.FailedPrecondition {
		return nil, fmt.Errorf("%s: %w", of.Key, ErrChanged)
	}
	if err != nil {
		return nil, named("read", of.Key, err)
	}
	now := Info{Key: of.Key, Size: r.Size(), ModTime: r.ModTime()}
	if now.Version = version(r.As, now); now.Version != of.Version {
		r.Close()
		return nil, fmt.Errorf("%s: %w", of.Key, ErrChanged)
	}
	return r, nil
}

func (o objects) Remove(ctx context.Context, of Info) error {
	if err := unchanged(ctx, o, of); err != nil {
		return err
	}
	err := o.b.DeleteWithOptions(ctx, of.Key, &blob.DeleteOptions{BeforeDelete: func(as func(any) bool) error {
		match(as, of.Version)
		return nil
	}})
	if gcerrors.Code(err) == gcerrors.FailedPrecondition {
		return fmt.Errorf("%s: %w", of.Key, ErrChanged)
	}
	return named("remove", of.Key, err)
}

func (o objects) Tag(ctx context.Context, of Info, tags map[string]string) error {
	var client *s3.Client
	if !o.b.As(&client) {
		return errNoTags
	}
	if err := unchanged(ctx, o, of); err != nil {
		return err
	}
	have, err := client.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: &o.name, Key: &of.Key})
	if err != nil {
		return named("tag", of.Key, err)
	}
	all := map[string]string{}
	for _, t := range have.TagSet {
		all[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	maps.Copy(all, tags)
	var set []s3types.Tag
	for k, v := range all {
		set = append(set, s3types.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	_, err = client.PutObjectTagging(ctx, &s3.PutObjectTaggingInput{Bucket: &o.name, Key: &of.Key, Tagging: &s3types.Tagging{TagSet: set}})
	return named("tag", of.Key, err)
}

// idKey names the metadata that tells an upload of ours from others.
const idKey = "lmz-upload"

func (o objects) Create(ctx context.Context, key string, overwrite bool, size int64) (Upload, error) {
	if !overwrite {
		if exists, err := o.b.Exists(ctx, key); err != nil {
			return nil, named("create", key, err)
		} else if exists {
			return nil, &fs.PathError{Op: "create", Path: key, Err: fs.ErrExist}
		}
	}
	u := &upload{to: o, key: key, id: rand.Text(), ctx: ctx, overwrite: overwrite}
	writing, cancel := context.WithCancel(ctx)
	w, err := o.b.NewWriter(writing, key, &blob.WriterOptions{
		BufferSize: partSizeOf(size), MaxConcurrency: partsAtOnce, IfNotExist: !overwrite,
		ContentType: "application/octet-stream", Metadata: map[string]string{idKey: u.id},
	})
	if err != nil {
		cancel()
		return nil, named("create", key, err)
	}
	u.w, u.cancel = w, cancel
	return u, nil
}

// Sweep is for S3. Google's and Azure's stores remove by themselves, after a week, what was never
// made an object. What is no larger than a part was one request, which leaves nothing.
func (o objects) Sweep(ctx context.Context, of Info) error {
	var client *s3.Client
	if of.Size <= partSize || !o.b.As(&client) {
		return nil
	}
	key := of.Key
	pages := s3.NewListMultipartUploadsPaginator(client, &s3.ListMultipartUploadsInput{Bucket: &o.name, Prefix: &key})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return named("sweep", key, err)
		}
		for _, u := range page.Uploads {
			if aws.ToString(u.Key) != key {
				continue
			}
			_, err := client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &o.name, Key: &key, UploadId: u.UploadId})
			if gone := (*s3types.NoSuchUpload)(nil); err != nil && !errors.As(err, &gone) {
				return named("sweep", key, err)
			}
		}
	}
	return nil
}

// upload is an object on its way into a bucket.
type upload struct {
	to        objects
	ctx       context.Context
	key       string
	id        string
	overwrite bool
	w         *blob.Writer
	cancel    context.CancelFunc
	size      int64
	closed    atomic.Bool
}

func (u *upload) Write(p []byte) (int, error) {
	n, err := u.w.Write(p)
	u.size += int64(n)
	if err != nil {
		_, _, failed := u.to.stat(u.ctx, u.key)
		err = u.failed("write", err, failed == nil)
	}
	return n, err
}

// failed tells why an upload did not succeed. It may have been swept since another one did.
func (u *upload) failed(op string, err error, exists bool) error {
	if exists && !u.overwrite {
		return &fs.PathError{Op: "create", Path: u.key, Err: fs.ErrExist}
	}
	if gcerrors.Code(err) == gcerrors.NotFound {
		if there, unknown := u.to.b.IsAccessible(u.ctx); unknown == nil && !there {
			return named(op, u.key, noBucket(u.to.name))
		}
		// The upload: a name of package fs would speak of the object.
		return fmt.Errorf("%s %s: the upload is gone: %w", op, u.key, err)
	}
	return named(op, u.key, err)
}

func (u *upload) Commit() (Info, error) {
	u.closed.Store(true)
	defer u.cancel()
	failed := u.w.Close()
	// If the answer to a request was lost, the SDK has asked again, and may have been told that the
	// object exists: it may be this one.
	info, metadata, err := u.to.stat(u.ctx, u.key)
	if err == nil && metadata[idKey] == u.id {
		if info.Size != u.size {
			return Info{}, fmt.Errorf("%s has %d bytes, %d were written", u.key, info.Size, u.size)
		}
		return info, nil
	}
	switch {
	case gcerrors.Code(failed) == gcerrors.FailedPrecondition:
		return Info{}, &fs.PathError{Op: "create", Path: u.key, Err: fs.ErrExist}
	case failed != nil:
		return Info{}, u.failed("write", failed, err == nil)
	case err != nil:
		return Info{}, err
	}
	return Info{}, fmt.Errorf("%s: %w", u.key, ErrChanged)
}

func (u *upload) Discard() {
	if !u.closed.Swap(true) {
		u.cancel()
		u.w.Close()
	}
}

// named makes an error tell what could not be done, and what package fs has names for.
func named(op, key string, err error) error {
	if err == nil {
		return nil
	}
	switch gcerrors.Code(err) {
	case gcerrors.NotFound:
		err = fs.ErrNotExist
	case gcerrors.AlreadyExists:
		err = fs.ErrExist
	}
	return &fs.PathError{Op: op, Path: key, Err: err}
}
