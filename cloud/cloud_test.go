package cloud_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/lmz-go/lmz/cloud"
	"github.com/lmz-go/lmz/internal/s3test"
)

// random gives bytes that tell where they were.
func random(n int) []byte {
	p := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(p)
	return p
}

func open(t testing.TB, url string) (cloud.Bucket, string) {
	t.Helper()
	b, key, err := cloud.Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b, key
}

func put(b cloud.Bucket, key string, overwrite bool, content []byte) (cloud.Info, error) {
	u, err := b.Create(context.Background(), key, overwrite, 0)
	if err != nil {
		return cloud.Info{}, err
	}
	defer u.Discard()
	if _, err := u.Write(content); err != nil {
		return cloud.Info{}, err
	}
	return u.Commit()
}

func get(t testing.TB, b cloud.Bucket, key string) []byte {
	t.Helper()
	o, err := cloud.OpenObject(context.Background(), b, key)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	p, err := io.ReadAll(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestBuckets holds for all of them: objects are there as a whole or not at all, replaced only if
// that is asked for, and one version is read or deleted, or none.
func TestBuckets(t *testing.T) {
	s3 := s3test.Start(t, "logs")
	for name, url := range map[string]string{
		"s3": s3test.URL(s3.Address, "logs", "d/o"), "mem": "mem://b/d/o", "file": "file://" + filepath.Join(t.TempDir(), "d", "o"),
	} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			b, key := open(t, url)
			content := random(40 << 20) // three parts
			for _, c := range [][]byte{nil, {1}, content} {
				info, err := put(b, key, true, c)
				if err != nil {
					t.Fatal(err)
				}
				if info.Size != int64(len(c)) || !bytes.Equal(get(t, b, key), c) {
					t.Fatalf("an object of %d bytes does not come back", len(c))
				}
				if now, err := b.Stat(ctx, key); err != nil || now.Version != info.Version {
					t.Fatalf("version %q, %v, want %q", now.Version, err, info.Version)
				}
			}
			var listed []cloud.Info
			for info, err := range b.List(ctx, filepath.Dir(key)) {
				if err != nil {
					t.Fatal(err)
				}
				listed = append(listed, info)
			}
			old, err := b.Stat(ctx, key)
			if err != nil || len(listed) != 1 || listed[0].Version != old.Version || listed[0].Size != old.Size {
				t.Fatalf("listed %+v, want one %+v (%v)", listed, old, err)
			}

			if _, err := put(b, key, false, []byte("no")); !errors.Is(err, fs.ErrExist) {
				t.Errorf("an object is put over another one: %v", err)
			}
			// Two at once, of which neither sees the other before it is complete.
			var all sync.WaitGroup
			errs := make([]error, 4)
			var uploads []cloud.Upload
			for range errs {
				u, err := b.Create(ctx, key+"2", false, 0)
				if err != nil {
					t.Fatal(err)
				}
				uploads = append(uploads, u)
			}
			for i, u := range uploads {
				all.Go(func() {
					u.Write(bytes.Repeat([]byte{byte(i)}, (i%2)*20<<20+10))
					_, errs[i] = u.Commit()
					u.Discard()
				})
			}
			all.Wait()
			made := 0
			for _, err := range errs {
				if err == nil {
					made++
				} else if !errors.Is(err, fs.ErrExist) {
					t.Error(err)
				}
			}
			if made != 1 {
				t.Errorf("%d of 4 have made the same object", made)
			}

			u, err := b.Create(ctx, key+"3", false, 0)
			if err != nil {
				t.Fatal(err)
			}
			u.Write(content)
			u.Discard()
			if _, err := b.Stat(ctx, key+"3"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("an object that was given up: %v", err)
			}
			if _, _, err := b.First(ctx, key+"3", 10); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("an object that does not exist: %v", err)
			}

			o, err := cloud.OpenObject(ctx, b, key)
			if err != nil {
				t.Fatal(err)
			}
			defer o.Close()
			if _, err := put(b, key, true, content[1:]); err != nil {
				t.Fatal(err)
			}
			if _, err := o.ReadAt(make([]byte, 10), 20<<20); !errors.Is(err, cloud.ErrChanged) {
				t.Errorf("reading on in another version: %v", err)
			}
			if err := b.Remove(ctx, old); !errors.Is(err, cloud.ErrChanged) {
				t.Errorf("deleting another version: %v", err)
			}
			now, err := b.Stat(ctx, key)
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Remove(ctx, now); err != nil {
				t.Fatal(err)
			}
			if _, err := b.Stat(ctx, key); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a deleted object: %v", err)
			}
		})
	}
}

// TestObjectReads checks the laws of io.ReaderAt, that reads anywhere give what is there, and how
// few requests they take.
func TestObjectReads(t *testing.T) {
	s3 := s3test.Start(t, "logs")
	content := random(30<<20 + 12345)
	b, key := open(t, s3test.URL(s3.Address, "logs", "o"))
	if _, err := put(b, key, false, content); err != nil {
		t.Fatal(err)
	}
	o, err := cloud.OpenObject(context.Background(), b, key)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if o.Size() != int64(len(content)) {
		t.Fatalf("%d bytes, want %d", o.Size(), len(content))
	}
	// In small parts from the front: requests grow.
	p := make([]byte, 4<<10)
	for off := 0; off < 20<<20; off += len(p) {
		if _, err := o.ReadAt(p, int64(off)); err != nil || !bytes.Equal(p, content[off:][:len(p)]) {
			t.Fatalf("at %d: %v", off, err)
		}
	}
	if n, fetched := o.Traffic(); n > 9 || fetched > 32<<20 {
		t.Errorf("%d requests, %d bytes for 20 MiB in order", n, fetched)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		off := r.IntN(len(content))
		p := make([]byte, r.IntN(1<<r.IntN(22)))
		n, err := o.ReadAt(p, int64(off))
		if want := content[off:min(len(content), off+len(p))]; !bytes.Equal(p[:n], want) || (n < len(p)) != (err == io.EOF) {
			t.Fatalf("%d bytes at %d: %d, %v", len(p), off, n, err)
		}
	}
	small := content[:200<<10]
	if _, err := put(b, "small", false, small); err != nil {
		t.Fatal(err)
	}
	s, err := cloud.OpenObject(context.Background(), b, "small")
	if err != nil {
		t.Fatal(err)
	}
	if err := iotest.TestReader(io.NewSectionReader(s, 0, s.Size()), small); err != nil {
		t.Error(err)
	}
	if n, _ := s.Traffic(); n != 1 {
		t.Errorf("%d requests for a small object, want 1", n)
	}
}

// TestNoBucket tells a bucket that is not there from an object, and from an upload that was swept.
func TestNoBucket(t *testing.T) {
	s3 := s3test.Start(t, "logs")
	b, _ := open(t, s3test.URL(s3.Address, "nope", ""))
	const want = "there is no bucket nope"
	if _, err := put(b, "a.log", false, []byte("x")); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want that %s", err, want)
	}
	for _, err := range b.List(context.Background(), "2026/") {
		if !errors.Is(err, fs.ErrNotExist) || err.Error() != want {
			t.Errorf("%v, want that %s", err, want)
		}
	}
}

// TestFaults loses a fifth of all requests, answers, and parts of both: what is written and read is
// right, and an answer that was lost makes no object a stranger's.
func TestFaults(t *testing.T) {
	s3 := s3test.Start(t, "logs")
	proxy := s3test.NewProxy(t, s3, 1)
	proxy.Faults = s3test.Faults{Busy: .05, TornRequest: .05, LostAnswer: .05, TornAnswer: .05}
	b, _ := open(t, s3test.URL(proxy.Address, "logs", ""))
	rounds := 12
	if os.Getenv("LMZ_TORTURE") != "" {
		rounds = 200
	}
	r := rand.New(rand.NewPCG(3, 4))
	given := 0
	for i := range rounds {
		key := string(rune('a'+i%26)) + string(rune('a'+i/26))
		content := random(r.IntN(1 << (10 + r.IntN(16))))
		var err error
		for range 5 { // a torn request may be one too many for the SDK, and is an error then
			if _, err = put(b, key, false, content); err == nil || errors.Is(err, fs.ErrExist) {
				break
			}
			given++
		}
		if err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		if !bytes.Equal(get(t, b, key), content) {
			t.Fatalf("%s: other bytes come back", key)
		}
	}
	t.Logf("%d objects written and read, %v requests, faults %v, %d uploads given up", rounds, proxy.Requests(), proxy.Failed(), given)
	if len(proxy.Failed()) < 4 && rounds > 50 {
		t.Error("not each fault was met")
	}
}
