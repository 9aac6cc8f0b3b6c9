package cloud

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/lmz-go/lmz/internal/s3test"
)

// TestSweep removes what uploads have left that were killed, and nothing else; one that goes on
// finds that the object exists.
func TestSweep(t *testing.T) {
	ctx := context.Background()
	server := s3test.Start(t, "logs")
	dir := t.TempDir()
	for name, tt := range map[string]struct {
		url  string
		left func(Bucket) int
	}{
		"s3": {s3test.URL(server.Address, "logs", "d/o"), func(b Bucket) int {
			var client *s3.Client
			b.(objects).b.As(&client)
			name := "logs"
			list, err := client.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: &name})
			if err != nil {
				t.Fatal(err)
			}
			return len(list.Uploads)
		}},
		"file": {filepath.Join(dir, "o"), func(Bucket) int {
			found, _ := filepath.Glob(filepath.Join(dir, Hidden+"*"))
			return len(found)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			b, key, err := Open(ctx, tt.url)
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			content := bytes.Repeat([]byte("0123456789abcdef"), 3*partSize/16)
			begin := func(key string) Upload {
				u, err := b.Create(ctx, key, false, int64(len(content)))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := u.Write(content); err != nil {
					t.Fatal(err)
				}
				return u
			}
			killed, slow, other, first := begin(key), begin(key), begin(key+"2"), begin(key)
			info, err := first.Commit()
			if err != nil {
				t.Fatal(err)
			}
			if n := tt.left(b); n != 3 {
				t.Fatalf("%d uploads are under way, want 3", n)
			}
			for range 2 {
				if err := b.Sweep(ctx, info); err != nil {
					t.Fatal(err)
				}
				if n := tt.left(b); n != 1 {
					t.Errorf("%d uploads are left, want that of another object", n)
				}
			}
			if _, err = slow.Write(content); err == nil {
				_, err = slow.Commit()
			}
			if !errors.Is(err, fs.ErrExist) {
				t.Errorf("an upload that was swept: %v", err)
			}
			killed.Discard()
			if _, err := other.Commit(); err != nil {
				t.Error(err)
			}
			for _, key := range []string{key, key + "2"} {
				now, err := b.Stat(ctx, key)
				if err != nil {
					t.Fatal(err)
				}
				r := Section(ctx, b, now, 0, now.Size)
				got, err := io.ReadAll(r)
				r.Close()
				if err != nil || !bytes.Equal(got, content) {
					t.Errorf("%s: %d bytes, %v", key, len(got), err)
				}
			}
			// Of an object that there is not: it is the upload that does not exist.
			gone := begin(key + "3")
			if err := b.Sweep(ctx, Info{Key: key + "3", Size: int64(len(content))}); err != nil {
				t.Fatal(err)
			}
			if _, err := gone.Commit(); err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrExist) {
				t.Errorf("an upload that was swept, of no object: %v", err)
			}
			if n := tt.left(b); n != 0 {
				t.Errorf("%d uploads are left", n)
			}
		})
	}
}

// TestPartSize has as few parts as S3 takes, of whatever object.
func TestPartSize(t *testing.T) {
	for _, size := range []int64{0, 1, partSize * maxParts, partSize*maxParts + 1, 5 << 40} {
		part := int64(partSizeOf(size))
		if n := (size + part - 1) / part; part < partSize || n > maxParts || part > partSize && n < maxParts/2 {
			t.Errorf("%d bytes: %d parts of %d", size, n, part)
		}
	}
}

// TestSection reads parts of an object, one version of it or nothing, and what is hidden is not
// listed.
func TestSection(t *testing.T) {
	ctx := context.Background()
	server := s3test.Start(t, "logs")
	proxy := s3test.NewProxy(t, server, 3)
	for name, url := range map[string]string{
		"s3": s3test.URL(proxy.Address, "logs", "o"), "mem": "mem://section/o", "file": filepath.Join(t.TempDir(), "o"),
	} {
		t.Run(name, func(t *testing.T) {
			b, key, err := Open(ctx, url)
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			put := func(key string, content []byte) Info {
				u, err := b.Create(ctx, key, true, 0)
				if err != nil {
					t.Fatal(err)
				}
				u.Write(content)
				info, err := u.Commit()
				if err != nil {
					t.Fatal(err)
				}
				return info
			}
			content := make([]byte, 3<<20)
			for i := range content {
				content[i] = byte(i >> 8)
			}
			proxy.Faults = s3test.Faults{}
			info := put(key, content)
			put(filepath.Join(filepath.Dir(key), Hidden+"x-000001.lmz"), content[:1])
			proxy.Faults = s3test.Faults{TornAnswer: .4}
			for _, r := range [][2]int64{{0, 3 << 20}, {0, 0}, {1, 1}, {1 << 20, 1<<20 + 17}, {3<<20 - 1, 1}, {3 << 20, 0}} {
				s := Section(ctx, b, info, r[0], r[1])
				got, err := io.ReadAll(s)
				s.Close()
				if err != nil || !bytes.Equal(got, content[r[0]:r[0]+r[1]]) {
					t.Errorf("%d at %d: %d bytes, %v", r[1], r[0], len(got), err)
				}
			}
			proxy.Faults = s3test.Faults{}
			prefix := filepath.Dir(key)
			if prefix == "." {
				prefix = ""
			}
			all := 0
			for l, err := range b.List(ctx, prefix) {
				if err != nil || l.Key != key {
					t.Errorf("%s is listed, %v", l.Key, err)
				}
				all++
			}
			if all != 1 {
				t.Errorf("%d objects are listed", all)
			}
			os.Remove(key) // another file
			put(key, content[1:])
			s := Section(ctx, b, info, 5, 10)
			defer s.Close()
			if _, err := io.ReadAll(s); !errors.Is(err, ErrChanged) {
				t.Errorf("another version: %v", err)
			}
		})
	}
}
