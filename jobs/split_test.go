//go:build unix

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/lmz-go/lmz/cloud"
	"github.com/lmz-go/lmz/evidence"
	"github.com/lmz-go/lmz/internal/s3test"
	"github.com/lmz-go/lmz/stream"
)

// hugeText has lines, one of them longer than a frame is searched for a line end, and ends within one.
func hugeText(seed uint64, frames int) []byte {
	r := rand.New(rand.NewPCG(seed, 4))
	b := text(r, 2*int(frameSize)+1000)
	b = append(b, bytes.Repeat([]byte("no end "), int(frameSize)/16)...)
	return append(b, text(r, frames*int(frameSize)-len(b)-777)...)
}

// framesOf is the archive of a huge content by the rule: each frame ends behind the last line end of
// an eighth, in front of a multiple of its size.
func framesOf(t testing.TB, content []byte, level int) []byte {
	t.Helper()
	var out bytes.Buffer
	from := 0
	for end := int(frameSize); from < len(content); end += int(frameSize) {
		cut := len(content)
		if end < cut {
			cut = end
			if i := bytes.LastIndexByte(content[:end], '\n'); i+1 > end-int(frameSize)/8 {
				cut = i + 1
			}
		}
		w, err := stream.NewWriter(&out, nil, stream.WithLevel(level))
		if err != nil {
			t.Fatal(err)
		}
		w.Write(content[from:cut])
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		from = cut
	}
	return out.Bytes()
}

// only gives the one object below a URL, and fails if there are others, also hidden ones of files.
func only(t testing.TB, url string) []byte {
	t.Helper()
	ctx := context.Background()
	b, base, err := cloud.Open(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var content []byte
	var all []string
	for info, err := range b.List(ctx, base) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, info.Key)
		r := cloud.Section(ctx, b, info, 0, info.Size)
		defer r.Close()
		if content, err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	if len(all) != 1 {
		t.Fatalf("%q, want one object", all)
	}
	return content
}

// noneHidden fails if something is left of uploads or frames below a folder.
func noneHidden(t testing.TB, dir string) {
	t.Helper()
	filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(d.Name(), cloud.Hidden) {
			t.Errorf("%s is left", path)
		}
		return nil
	})
}

// TestSplit archives a huge object in frames, with any number of workers: the bytes are those of the
// frames, one behind the other, and all that is said of them is true of the whole.
func TestSplit(t *testing.T) {
	ctx := context.Background()
	content := hugeText(1, 9)
	want := framesOf(t, content, 1)
	s3 := s3test.Start(t, "logs", "archives")
	for _, tt := range []struct {
		name, from, to, dir string
		atOnce              int
	}{
		{"file", t.TempDir(), t.TempDir(), "", 1},
		{"file", t.TempDir(), "file://" + t.TempDir(), "", 4},
		{"mem", "mem://logs/a/", "mem://archives/b", "", 2},
		{"s3", s3test.URL(s3.Address, "logs", ""), s3test.URL(s3.Address, "archives", "b/"), "", 2},
	} {
		t.Run(fmt.Sprint(tt.name, tt.atOnce), func(t *testing.T) {
			b, _, err := cloud.Open(ctx, tt.from)
			if err != nil {
				t.Fatal(err)
			}
			_, key, _ := cloud.Open(ctx, cloud.Join(tt.from, "app.log"))
			u, err := b.Create(ctx, key, false, 0)
			if err != nil {
				t.Fatal(err)
			}
			u.Write(content)
			info, err := u.Commit()
			if err != nil {
				t.Fatal(err)
			}
			o := &options{
				source: tt.from, dest: tt.to, db: filepath.Join(t.TempDir(), "jobs.db"), name: "j",
				worker: "w", atOnce: tt.atOnce, level: 1, policy: remove, pack: true,
			}
			if err := o.run(ctx); err != nil {
				t.Fatal(err)
			}
			got := only(t, tt.to)
			if !bytes.Equal(got, want) {
				t.Errorf("%d bytes, want the frames' %d", len(got), len(want))
			}
			if _, err := b.Stat(ctx, key); err == nil {
				t.Error("the source is still there")
			}
			e, err := openEngine(ctx, o.db, "", 1)
			if err != nil {
				t.Fatal(err)
			}
			defer e.close()
			list, err := rows(e, "j")
			if err != nil || len(list) != 1 {
				t.Fatalf("%d lines of report, %v", len(list), err)
			}
			r := list[0]
			if r.Frames != 9 || r.Bytes != int64(len(content)) || r.SHA256 != fmt.Sprintf("%x", sha256.Sum256(content)) ||
				r.ArchiveBytes != int64(len(want)) || r.ArchiveSHA256 != fmt.Sprintf("%x", sha256.Sum256(want)) ||
				r.VerifiedAt.IsZero() || r.Worker != "w" || r.Sources[0].Version != info.Version || r.Source != "deleted" || r.CPUSeconds <= 0 {
				t.Errorf("report %+v", r)
			}
		})
	}
	noneHidden(t, s3.Dir)

	// As one archive: content, index, and the hash tree over its frames.
	a, err := stream.Open(bytes.NewReader(want), int64(len(want)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	back, err := io.ReadAll(io.NewSectionReader(a, 0, a.Size()))
	if err != nil || !bytes.Equal(back, content) {
		t.Errorf("%d bytes come back, %v", len(back), err)
	}
	p, err := evidence.New(a)
	if err != nil {
		t.Fatal(err)
	}
	if h := p.Head(); h.Frames != 9 || h.Bytes != int64(len(content)) || h.Lines != int64(bytes.Count(content, []byte{'\n'})) {
		t.Errorf("head %+v", h)
	}
	lines := bytes.SplitAfter(content, []byte{'\n'})
	for _, n := range []int{0, len(lines) / 2, len(lines) - 1} {
		proof, err := p.Line(int64(n) + 1)
		if err == nil {
			err = proof.Verify(p.Head().Root)
		}
		if err != nil || !bytes.Equal(proof.Text, lines[n]) {
			t.Errorf("line %d: %v", n+1, err)
		}
	}
}

// TestFrameName puts frames next to their archive, wherever that is.
func TestFrameName(t *testing.T) {
	for to, want := range map[string]string{
		"/a/b?c/d.lmz":                  "/a/b?c/.lmz-upload-9f-000012.lmz",
		"d.lmz":                         ".lmz-upload-9f-000012.lmz",
		"file:///a/b/d.lmz":             "file:///a/b/.lmz-upload-9f-000012.lmz",
		"s3://b/d.lmz":                  "s3://b/.lmz-upload-9f-000012.lmz",
		"s3://b/e/d.lmz?endpoint=h://x": "s3://b/e/.lmz-upload-9f-000012.lmz?endpoint=h://x",
	} {
		it := &item{To: to}
		if got := it.frameName("job/9f", 12); got != want {
			t.Errorf("%s: %s, want %s", to, got, want)
		}
	}
}

// TestCuts finds the ends of frames by the rule, wherever lines end.
func TestCuts(t *testing.T) {
	ctx := context.Background()
	frame := int(frameSize)
	for name, content := range map[string][]byte{
		"none":     bytes.Repeat([]byte{'x'}, 5*frame),
		"all":      bytes.Repeat([]byte{'\n'}, 5*frame+1),
		"at end":   append(bytes.Repeat([]byte{'x'}, 5*frame-1), '\n'),
		"at first": slices.Concat(bytes.Repeat([]byte{'x'}, frame-frame/8), []byte{'\n'}, bytes.Repeat([]byte{'x'}, 4*frame)),
		"in front": slices.Concat(bytes.Repeat([]byte{'x'}, frame-frame/8-1), []byte{'\n'}, bytes.Repeat([]byte{'x'}, 4*frame)),
	} {
		file := filepath.Join(t.TempDir(), "a")
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		o := &options{source: file, dest: filepath.Join(t.TempDir(), "out"), level: 1, policy: keep}
		objects, base, err := list(ctx, file, "")
		if err != nil {
			t.Fatal(err)
		}
		all, _ := o.items(objects, base, &present{})
		ends, err := all[0].cuts(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var want []int64
		for end := frame; end < len(content); end += frame {
			cut := end
			for i := end; i > end-frame/8; i-- {
				if content[i-1] == '\n' {
					cut = i
					break
				}
			}
			want = append(want, int64(cut))
		}
		if want = append(want, int64(len(content))); !slices.Equal(ends, want) {
			t.Errorf("%s: ends %d, want %d", name, ends, want)
		}
	}
}

// TestKilledFrames kills a worker, or ends it, while it makes frames: what is read beyond twice the
// source, to be compressed and to be hashed, is no more than what it was at each time.
func TestKilledFrames(t *testing.T) {
	s3 := s3test.Start(t, "logs", "archives")
	proxy := s3test.NewProxy(t, s3, 1)
	content := hugeText(2, 30)
	if err := os.WriteFile(filepath.Join(s3.Dir, "logs", "a.log"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(t.TempDir(), "jobs.db")
	job(t, "run", "--enqueue", "--db", db, "--name", "j", "-l", "1", s3test.URL(proxy.Address, "logs", ""), s3test.URL(proxy.Address, "archives", ""))
	w := supervise("worker", "--drain", "--db", db, "--worker", "w", "--at-once", "1")
	r := rand.New(rand.NewPCG(5, 6))
	kills := 0
	for running := true; running && kills < 6; {
		select {
		case <-w.done:
			running = false
		case <-time.After(time.Duration(500+r.IntN(700)) * time.Millisecond):
			w.signal([]os.Signal{os.Kill, syscall.SIGTERM}[kills%2])
			kills++
		}
	}
	<-w.done
	want := framesOf(t, content, 1)
	if got := only(t, s3test.URL(s3.Address, "archives", "")); !bytes.Equal(got, want) {
		t.Errorf("%d bytes, want the frames' %d", len(got), len(want))
	}
	noneHidden(t, s3.Dir)
	// For each kill, a frame that was read, put and read back, and one that was hashed. The archive is
	// read in frames, as a whole, and maybe once more for each kill.
	most := int64(2*len(content)+(2+2*kills)*len(want)) + int64(kills)*3*frameSize + 1<<20
	t.Logf("killed %d times; %d bytes were read, at most %d, for %d", kills, proxy.Sent(), most, len(content))
	if proxy.Sent() > most {
		t.Error("more than that was done again")
	}
}

// begin starts a job of one huge object, and waits until some of its frames are there.
func begin(t *testing.T, content []byte) (db, in, out string, w *supervised) {
	t.Helper()
	dir := t.TempDir()
	db, in, out = filepath.Join(dir, "jobs.db"), filepath.Join(dir, "in"), filepath.Join(dir, "out")
	if err := os.Mkdir(in, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(in, "a.log"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	job(t, "run", "--enqueue", "--db", db, "--name", "j", "-l", "1", "--source", "delete", in, out)
	w = supervise("worker", "--db", db, "--worker", "w", "--at-once", "1")
	t.Cleanup(func() {
		w.stop.Store(true)
		w.kill()
		<-w.done
	})
	for range 300 {
		if all, _ := os.ReadDir(out); len(all) > 3 {
			return db, in, out, w
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("no frames come")
	return
}

// waitFor waits until a job is as it should be.
func waitFor(t *testing.T, db string, is func(progress) bool) {
	t.Helper()
	err := withClient(context.Background(), db, func(c dbos.Client) error {
		for range 3000 {
			list, err := jobs(c, "", time.Now())
			if err != nil || is(*list[0]) {
				return err
			}
			time.Sleep(100 * time.Millisecond)
		}
		return errors.New("it takes too long")
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestChangingHuge gives up a huge source that changes while its frames are made, and leaves nothing
// of them.
func TestChangingHuge(t *testing.T) {
	db, in, out, _ := begin(t, hugeText(3, 30))
	other := hugeText(4, 30)
	if err := os.WriteFile(filepath.Join(in, "a.log"), other, 0o600); err != nil {
		t.Fatal(err)
	}
	waitFor(t, db, func(p progress) bool { return p.open() == 0 })
	if report := job(t, "report", "--db", db, "j"); !strings.Contains(report, "has changed") {
		t.Error(report)
	}
	if all, err := os.ReadDir(out); err != nil || len(all) > 0 {
		t.Errorf("%v is left, %v", all, err)
	}
	if is, err := os.ReadFile(filepath.Join(in, "a.log")); err != nil || !bytes.Equal(is, other) {
		t.Errorf("the source: %v", err)
	}
}

// TestCancelHuge removes the frames of an archive that was cancelled, and makes them again if it is
// resumed; those that are there when an archive has failed are not made again.
func TestCancelHuge(t *testing.T) {
	content := hugeText(5, 30)
	db, in, out, w := begin(t, content)
	waitFor(t, db, func(p progress) bool { return p.DoneBytes > 0 && p.DoneBytes < p.Bytes && p.ArchiveBytes > 0 })
	job(t, "cancel", "--db", db, "j")
	gone := false
	for range 100 { // the worker ends what it is at
		all, err := os.ReadDir(out)
		if gone = err == nil && len(all) == 0; gone {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if !gone {
		t.Error("frames are left")
	}
	w.stop.Store(true)
	w.kill()
	<-w.done
	job(t, "resume", "--db", db, "j")
	job(t, "worker", "--drain", "--db", db, "--worker", "other")
	if got := only(t, out); !bytes.Equal(got, framesOf(t, content, 1)) {
		t.Errorf("%d bytes are not the frames'", len(got))
	}
	noneHidden(t, out)
	if _, err := os.Stat(filepath.Join(in, "a.log")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the source is still there: %v", err)
	}
}

// TestStrangerHuge leaves an object alone that comes in the way while frames are made; what is
// there of them serves when it is gone.
func TestStrangerHuge(t *testing.T) {
	content := hugeText(6, 30)
	db, _, out, w := begin(t, content)
	stranger := filepath.Join(out, "a.log.lmz")
	if err := os.WriteFile(stranger, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	waitFor(t, db, func(p progress) bool { return p.open() == 0 })
	if report := job(t, "report", "--db", db, "j"); !strings.Contains(report, "exists with another content") {
		t.Error(report)
	}
	if mine, err := os.ReadFile(stranger); err != nil || string(mine) != "mine" {
		t.Errorf("%q, %v", mine, err)
	}
	w.stop.Store(true)
	w.kill()
	<-w.done
	os.Remove(stranger)
	job(t, "resume", "--db", db, "j")
	job(t, "worker", "--drain", "--db", db, "--worker", "other")
	if got := only(t, out); !bytes.Equal(got, framesOf(t, content, 1)) {
		t.Errorf("%d bytes are not the frames'", len(got))
	}
	noneHidden(t, out)
}
