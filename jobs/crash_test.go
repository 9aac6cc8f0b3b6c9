//go:build unix

package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lmz-go/lmz/cloud"
	"github.com/lmz-go/lmz/internal/s3test"
	"github.com/lmz-go/lmz/stream"
)

// TestMain is the program itself where a test starts it, with frames that are small.
func TestMain(m *testing.M) {
	hugeSize, frameSize = 600<<10, 160<<10
	if os.Getenv("LMZ_JOB_TEST_MAIN") != "" {
		os.Args[0] = "lmz-job"
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// process is lmz job with arguments.
func process(args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), "LMZ_JOB_TEST_MAIN=1")
	return c
}

// job runs lmz job and gives what it prints.
func job(t testing.TB, args ...string) string {
	t.Helper()
	c := process(args...)
	var failed strings.Builder
	c.Stderr = &failed
	out, err := c.Output()
	if err != nil {
		t.Fatalf("lmz job %s: %v\n%s%s", strings.Join(args, " "), err, out, failed.String())
	}
	return string(out)
}

// text makes lines of a log.
func text(r *rand.Rand, n int) []byte {
	var b []byte
	for i := 0; len(b) < n; i++ {
		b = fmt.Appendf(b, "2026-11-26T10:%02d:%02d worker-%d request=%08x status=%d\n", i/60%60, i%60, r.IntN(4), r.Uint32(), 200+r.IntN(3))
	}
	return b[:n]
}

// makeTree writes files and gives what is in each.
func makeTree(t testing.TB, dir string, seed uint64, n int) map[string][]byte {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	all := map[string][]byte{}
	for i := range n {
		name := fmt.Sprintf("d%d/%03d.log", i%3, i)
		size := 130<<10 + r.IntN(200<<10)
		if i%4 == 0 {
			size = r.IntN(10 << 10) // packed
		}
		all[name] = text(r, size)
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, all[name], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// check finds what is lost, doubled, not verified or half-written: each file is in one archive of
// the folder, its bytes and no others; and the report says the same.
func check(t testing.TB, dir string, want map[string][]byte, report string, deleted string) {
	t.Helper()
	var list []row
	if err := json.Unmarshal([]byte(report), &list); err != nil {
		t.Fatalf("%v: %s", err, report)
	}
	reported := map[string]row{}
	sources := map[string]bool{}
	for _, r := range list {
		if r.Status != "SUCCESS" || r.VerifiedAt.IsZero() || r.ArchiveBytes == 0 {
			t.Errorf("%s: %s %s", r.Archive, r.Status, r.Error)
			continue
		}
		archive, _, _ := strings.Cut(r.Archive, "?")
		reported[filepath.Base(filepath.Dir(archive))+"/"+filepath.Base(archive)] = r
		for i, s := range r.Sources {
			key := filepath.Base(filepath.Dir(s.Key)) + "/" + filepath.Base(s.Key)
			if sources[key] {
				t.Errorf("%s is in two archives", key)
			}
			is := r.SHA256
			if len(r.SourceSHA256) > 0 {
				is = r.SourceSHA256[i]
			}
			if is != fmt.Sprintf("%x", sha256.Sum256(want[key])) {
				t.Errorf("%s: another SHA-256 is reported than it has", key)
			}
			sources[key] = true
		}
	}
	found := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if d != nil && strings.HasPrefix(d.Name(), ".sgwtmp") {
				return fs.SkipDir // of the server of S3
			}
			return err
		}
		name := filepath.Base(filepath.Dir(path)) + "/" + d.Name()
		if strings.HasPrefix(d.Name(), cloud.Hidden) {
			t.Errorf("%s is left", name)
			return nil
		}
		r, ok := reported[name]
		if !ok {
			t.Errorf("%s is in no report", name)
			return nil
		}
		archive, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if fmt.Sprintf("%x", sha256.Sum256(archive)) != r.ArchiveSHA256 {
			t.Errorf("%s is another archive than was verified", name)
		}
		for name, content := range unpack(t, archive, &r.record) {
			if _, twice := found[name]; twice {
				t.Errorf("%s is there twice", name)
			}
			found[name] = content
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range want {
		if string(found[name]) != string(content) {
			t.Errorf("%s: lost or changed: %d bytes, want %d", name, len(found[name]), len(content))
		}
		if deleted != "" {
			if _, err := os.Stat(filepath.Join(deleted, name)); err == nil {
				t.Errorf("%s is still there", name)
			}
		}
	}
	if len(found) != len(want) {
		t.Errorf("%d files are in archives, want %d", len(found), len(want))
	}
}

// unpack gives the files in an archive, by their names below the source.
func unpack(t testing.TB, archive []byte, r *record) map[string][]byte {
	t.Helper()
	z, err := stream.NewReader(strings.NewReader(string(archive)), nil)
	if err != nil {
		t.Fatalf("%s: %v", r.Archive, err)
	}
	defer z.Close()
	files := map[string][]byte{}
	if err := untar(z, r, files); err != nil {
		t.Fatalf("%s: %v", r.Archive, err)
	}
	return files
}

// killRounds is how often something is killed: more with LMZ_TORTURE, or as LMZ_KILLS says.
func killRounds() int {
	if n, err := strconv.Atoi(os.Getenv("LMZ_KILLS")); err == nil {
		return n
	}
	if os.Getenv("LMZ_TORTURE") != "" {
		return 50
	}
	return 4
}

// TestKilled kills workers, the server of S3, the database, or several of them, at random moments,
// while a fiftieth of the requests fail, until the number of rounds is reached; then lets the job
// end. Two workers share it where the database allows that.
func TestKilled(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { testKilled(t, "sqlite:"+filepath.Join(t.TempDir(), "jobs.db"), nil, 1) })
	t.Run("postgres", func(t *testing.T) {
		p := startPostgres(t)
		testKilled(t, p.url, p, 2)
	})
}

func testKilled(t *testing.T, db string, p *postgres, workers int) {
	rounds := killRounds()
	s3 := s3test.Start(t, "logs", "archives")
	proxy := s3test.NewProxy(t, s3, 7)
	proxy.Faults = s3test.Faults{Busy: .005, TornRequest: .005, LostAnswer: .005, TornAnswer: .005}
	// As much work as the rounds take, about: what is left over must be done, too.
	want := makeTree(t, filepath.Join(s3.Dir, "logs"), 1, 16+2*min(rounds, 50)+rounds)
	frames := 0
	for i := range min(2+rounds/4, 20+rounds/20) {
		r := rand.New(rand.NewPCG(uint64(i), 8))
		name := fmt.Sprintf("d%d/huge%d.log", i%3, i)
		want[name] = text(r, int(hugeSize)+r.IntN(6*int(frameSize)))
		frames += (len(want[name]) + int(frameSize) - 1) / int(frameSize)
		if err := os.WriteFile(filepath.Join(s3.Dir, "logs", name), want[name], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	source, dest := s3test.URL(proxy.Address, "logs", ""), s3test.URL(proxy.Address, "archives", "")
	job(t, "run", "--enqueue", "--db", db, "--name", "torn", "--level", "1", "--source", "delete", source, dest)

	r := rand.New(rand.NewPCG(uint64(rounds), 2))
	running := make([]*supervised, workers)
	for i := range running {
		running[i] = supervise("worker", "--drain", "--db", db, "--worker", fmt.Sprintf("w%d", i), "--at-once", "2")
	}
	killed := map[string]int{}
	for range rounds {
		time.Sleep(time.Duration(200+r.IntN(1200)) * time.Millisecond)
		if p != nil && r.IntN(4) == 0 {
			killed["database"]++
			p.kill()
			time.Sleep(time.Duration(r.IntN(300)) * time.Millisecond)
			p.start()
		}
		if r.IntN(3) == 0 {
			killed["server"]++
			s3.Kill()
			time.Sleep(time.Duration(r.IntN(500)) * time.Millisecond)
		}
		if r.IntN(3) > 0 || killed["server"] == 0 {
			if running[r.IntN(workers)].kill() {
				killed["worker"]++
			}
		}
		s3.Ensure()
	}
	var all sync.WaitGroup
	for i, w := range running {
		all.Go(func() {
			select {
			case <-w.done:
			case <-time.After(15 * time.Minute):
				w.stop.Store(true)
				w.kill()
				t.Errorf("worker %d does not end: %s", i, w.said.String())
			}
		})
	}
	all.Wait()
	t.Logf("killed %v; requests that failed %v", killed, proxy.Failed())
	report := job(t, "report", "--json", "--db", db, "torn")
	var list []row
	if err := json.Unmarshal([]byte(report), &list); err != nil {
		t.Fatal(err)
	}
	// What is read again: by each worker, what it was at when something was killed, and what a
	// request failed for.
	again, reads := int64(0), proxy.Reads()
	most := int64(workers * 2 * (killed["worker"] + killed["server"] + killed["database"]))
	for _, n := range proxy.Failed() {
		most += n
	}
	for _, r := range list {
		if frames -= r.Frames; r.Frames == 0 {
			again += readAgain(reads, r)
		}
	}
	t.Logf("%d archives were made again, at most %d", again, most)
	if again > most {
		t.Error("more than that was done again")
	}
	if frames != 0 {
		t.Errorf("%d frames too few in the report", frames)
	}
	check(t, filepath.Join(s3.Dir, "archives"), want, report, filepath.Join(s3.Dir, "logs"))
	if t.Failed() {
		t.Log(job(t, "status", "--db", db))
	}
}

// readAgain says how often the sources of an archive were read that need not have been.
func readAgain(reads map[string]int64, r row) (n int64) {
	for _, s := range r.Sources {
		n = max(n, reads["/logs/"+s.Key]-1)
	}
	return n
}

// TestRestart kills a worker, or ends it, again and again: after each restart it does at most one
// object again, that which it was at.
func TestRestart(t *testing.T) {
	s3 := s3test.Start(t, "logs", "archives")
	proxy := s3test.NewProxy(t, s3, 1)
	want := makeTree(t, filepath.Join(s3.Dir, "logs"), 21, 30)
	db := filepath.Join(t.TempDir(), "jobs.db")
	job(t, "run", "--enqueue", "--db", db, "--name", "j", "-l", "1", s3test.URL(proxy.Address, "logs", ""), s3test.URL(proxy.Address, "archives", ""))
	w := supervise("worker", "--drain", "--db", db, "--worker", "w", "--at-once", "1")
	r := rand.New(rand.NewPCG(22, 6))
	kills := int64(0)
	for running := true; running && kills < 8; {
		select {
		case <-w.done:
			running = false
		case <-time.After(time.Duration(500+r.IntN(500)) * time.Millisecond):
			w.signal([]os.Signal{os.Kill, syscall.SIGTERM}[kills%2])
			kills++
		}
	}
	<-w.done
	report := job(t, "report", "--json", "--db", db, "j")
	check(t, filepath.Join(s3.Dir, "archives"), want, report, "")
	var list []row
	if err := json.Unmarshal([]byte(report), &list); err != nil {
		t.Fatal(err)
	}
	again, reads := int64(0), proxy.Reads()
	for _, r := range list {
		again += readAgain(reads, r)
	}
	t.Logf("killed %d times, %d of %d archives were made again", kills, again, len(list))
	if again > kills {
		t.Error("more than that was done again")
	}
	for name := range want {
		if reads["/logs/"+name] == 0 {
			t.Errorf("%s was not seen to be read", name)
		}
	}
}

// supervised is a process that is started anew until it ends well, as systemd and Kubernetes do.
type supervised struct {
	done chan struct{}
	stop atomic.Bool
	said strings.Builder // by the last one

	mu  sync.Mutex
	cmd *exec.Cmd
}

func supervise(args ...string) *supervised {
	s := &supervised{done: make(chan struct{})}
	go func() {
		defer close(s.done)
		for !s.stop.Load() {
			c := process(args...)
			s.said.Reset()
			c.Stderr = &s.said
			s.mu.Lock()
			s.cmd = c
			err := c.Start()
			s.mu.Unlock()
			if err == nil {
				err = c.Wait()
			}
			if err == nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	}()
	return s
}

// kill says whether there was one to be killed.
func (s *supervised) kill() bool { return s.signal(os.Kill) }

func (s *supervised) signal(is os.Signal) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cmd != nil && s.cmd.Process != nil && s.cmd.Process.Signal(is) == nil
}

// TestRun archives a folder twice: what is done is not done again, what has come since is, and
// what is compressed already stays.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	db := filepath.Join(dir, "jobs.db")
	want := makeTree(t, filepath.Join(dir, "in"), 3, 9)
	if err := os.WriteFile(filepath.Join(dir, "in", "old.gz"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func() {
		job(t, "run", "--db", db, "--name", "j", "-l", "1", filepath.Join(dir, "in"), filepath.Join(dir, "out"))
	}
	run()
	first := job(t, "report", "--json", "--db", db, "j")
	check(t, filepath.Join(dir, "out"), want, first, "")
	run()
	if again := job(t, "report", "--json", "--db", db, "j"); again != first {
		t.Errorf("the second run has done something:\n%s\n%s", first, again)
	}
	csv := job(t, "report", "--db", db, "j")
	if n := strings.Count(csv, "\n"); n != len(want)+1 {
		t.Errorf("%d lines of report, want one for each of %d files:\n%s", n, len(want), csv)
	}
	var status []progress
	if err := json.Unmarshal([]byte(job(t, "status", "--json", "--db", db)), &status); err != nil {
		t.Fatal(err)
	}
	total := int64(0)
	for _, content := range want {
		total += int64(len(content))
	}
	if len(status) != 1 || status[0].DoneBytes != total || status[0].open() != 0 || status[0].ArchiveBytes == 0 {
		t.Errorf("status %+v, want %d bytes done", status, total)
	}
	want["d1/new.log"] = text(rand.New(rand.NewPCG(9, 9)), 200<<10)
	if err := os.WriteFile(filepath.Join(dir, "in", "d1", "new.log"), want["d1/new.log"], 0o600); err != nil {
		t.Fatal(err)
	}
	run()
	check(t, filepath.Join(dir, "out"), want, job(t, "report", "--json", "--db", db, "j"), "")
	if _, err := os.Stat(filepath.Join(dir, "in", "old.gz")); err != nil {
		t.Error(err)
	}
}

// TestEnqueue puts archives into the database beside workers: it takes none of what waits, and says
// nothing of how many they make at once.
func TestEnqueue(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	db := filepath.Join(dir, "jobs.db")
	e, err := openEngine(ctx, db, "w", 3)
	if err != nil {
		t.Fatal(err)
	}
	e.close()
	makeTree(t, filepath.Join(dir, "in"), 4, 9)
	args := []string{"run", "--enqueue", "--db", db, "-l", "1", "--at-once", "7"}
	for _, name := range []string{"a", "b"} {
		job(t, append(args, "--name", name, filepath.Join(dir, "in"), filepath.Join(dir, name))...)
	}
	if e, err = openEngine(ctx, db, "", 7); err != nil {
		t.Fatal(err)
	}
	defer e.close()
	if n := e.queue.GetWorkerConcurrency(); n == nil || *n != 3 {
		t.Error("workers make another number of archives at once")
	}
	time.Sleep(time.Second) // in which a worker takes some
	if is, err := counts(e, "", nil); err != nil || is.Waiting == 0 || is.open() != is.Waiting || is.Archives != is.Waiting {
		t.Errorf("%+v, %v, want all waiting", is, err)
	}
}

// TestStranger leaves an object alone that is in the way, and keeps the source; when it is gone,
// resume makes the archive.
func TestStranger(t *testing.T) {
	dir := t.TempDir()
	db := filepath.Join(dir, "jobs.db")
	content := text(rand.New(rand.NewPCG(1, 1)), 200<<10)
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	os.Mkdir(in, 0o700)
	os.Mkdir(out, 0o700)
	os.WriteFile(filepath.Join(in, "a.log"), content, 0o600)
	os.WriteFile(filepath.Join(out, "a.log.lmz"), []byte("mine"), 0o600)
	args := []string{"run", "--db", db, "--name", "j", "-l", "1", "--source", "delete", in, out}
	if text, err := process(args...).CombinedOutput(); err == nil || !strings.Contains(string(text), "1 archives failed") {
		t.Fatalf("%v: %s", err, text)
	}
	if report := job(t, "report", "--db", db, "j"); !strings.Contains(report, "exists with another content") {
		t.Error(report)
	}
	if mine, err := os.ReadFile(filepath.Join(out, "a.log.lmz")); err != nil || string(mine) != "mine" {
		t.Errorf("%q, %v", mine, err)
	}
	if _, err := os.Stat(filepath.Join(in, "a.log")); err != nil {
		t.Error(err)
	}
	os.Remove(filepath.Join(out, "a.log.lmz"))
	job(t, "resume", "--db", db, "j")
	job(t, "worker", "--drain", "--db", db)
	check(t, out, map[string][]byte{"in/a.log": content}, job(t, "report", "--json", "--db", db, "j"), "")
	if _, err := os.Stat(filepath.Join(in, "a.log")); err == nil {
		t.Error("the source is still there")
	}
}

// TestChanging does not delete a source that changes after it was listed, and says so.
func TestChanging(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	name := filepath.Join(dir, "a.log")
	if err := os.WriteFile(name, text(rand.New(rand.NewPCG(1, 1)), 200<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	o := &options{source: dir, dest: filepath.Join(dir, "out"), level: 1, policy: remove}
	objects, base, err := list(ctx, dir, "")
	if err != nil {
		t.Fatal(err)
	}
	all, _ := o.items(objects, base, &present{})
	r, err := all[0].archive(ctx, "w")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, text(rand.New(rand.NewPCG(2, 2)), 200<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := all[0].archive(ctx, "w"); err == nil {
		t.Error("another content is taken for what was listed")
	}
	if err := all[0].prove(ctx, r); err != nil {
		t.Error(err)
	}
	if is, err := all[0].dispose(ctx); err == nil {
		t.Errorf("the source is %s", is)
	}
	if _, err := os.Stat(name); err != nil {
		t.Error(err)
	}
	archive, _, _ := strings.Cut(r.Archive, "?")
	if err := os.WriteFile(archive, []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := all[0].prove(ctx, r); err == nil {
		t.Error("another archive is proven")
	}
}
