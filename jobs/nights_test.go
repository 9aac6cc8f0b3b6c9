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
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lmz-go/lmz/cloud"
	"github.com/lmz-go/lmz/internal/s3test"
)

// night is what the files of a folder are on one.
type night map[string][]byte

// archived gives all that is in the archives of a folder: the contents of each name.
func archived(t *testing.T, dir string) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		archive, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		r := &record{Archive: path}
		r.Sources = slices.Grow(r.Sources, 1)[:1]
		r.Sources[0].Key = "x/" + strings.TrimSuffix(name, ".lmz")
		for name, content := range unpack(t, archive, r) {
			if !strings.Contains(path, packMark) {
				name = r.Sources[0].Key[len("x/"):]
			}
			all[name] = append(all[name], string(content))
		}
		return nil
	})
	return all
}

// write puts a file or an object, in the place of another one. The store says when that was.
func write(t *testing.T, below, name string, content []byte, at time.Time) {
	t.Helper()
	b, key, err := cloud.Open(context.Background(), cloud.Join(below, name))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	u, err := b.Create(context.Background(), key, true, 0)
	if err != nil {
		t.Fatal(err)
	}
	u.Write(content)
	if _, err := u.Commit(); err != nil {
		t.Fatal(err)
	}
	os.Chtimes(key, at, at)
}

// TestNights archives a folder night after night, while files come, change, go and have a name that
// another one had: each version is in one archive, also if the database is lost in between, and if
// a night is begun twice.
func TestNights(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 11))
	for _, of := range []struct {
		policy string
		lost   bool
		least  int
		s3     bool
	}{
		{keep, false, 0, false}, {keep, true, 0, false}, {remove, false, 0, false}, {remove, true, 0, false},
		{keep, false, packBelow, false}, {remove, true, packBelow, false}, {keep, false, 0, true}, {remove, true, 0, true},
	} {
		t.Run(fmt.Sprint(of.policy, of.lost, of.least, of.s3), func(t *testing.T) {
			dir := t.TempDir()
			in, out, db := filepath.Join(dir, "in"), filepath.Join(dir, "out"), filepath.Join(dir, "jobs.db")
			source, dest := in, out
			if of.s3 {
				server := s3test.Start(t, "logs", "archives")
				in, out = filepath.Join(server.Dir, "logs", "in"), filepath.Join(server.Dir, "archives", "2026")
				source, dest = s3test.URL(server.Address, "logs", "in/"), s3test.URL(server.Address, "archives", "2026")
			}
			versions := map[string]bool{} // name and content
			archives := 0
			for i, files := range []night{
				{"a.log": nil, "b.log": nil, "sub/x.log": nil, "sub/y.log": nil},
				{"c.log": nil},
				{"a.log": nil, "d.log": nil, "sub/x.log": nil, "z.log": nil},
				{"a.log": nil, "c.log": nil},
				{},
			} {
				for name := range files {
					content := text(r, of.least+500+r.IntN(3000))
					versions[name+string(content)] = true
					at := time.Date(2026, 11, 1+i, 3, 0, 0, 0, time.UTC)
					write(t, source, name, content, at)
				}
				for range 1 + i%2 {
					job(t, "run", "--db", db, "-l", "1", "--source", of.policy, source, dest)
					if of.lost {
						os.Remove(db)
					}
				}
				found := archived(t, out)
				n := 0
				for name, contents := range found {
					for _, content := range contents {
						n++
						if i := strings.LastIndexByte(name, '.'); !versions[name+content] && !versions[name[:i]+content] {
							t.Errorf("night %d: %s is in an archive with a content that it never had", i, name)
						}
					}
				}
				if n != len(versions) {
					t.Errorf("night %d: %d files are in archives, want %d: %q", i, n, len(versions), names(out))
				}
				if left := names(in); of.policy == remove && len(left) > 0 {
					t.Errorf("night %d: %q are still there", i, left)
				}
				if len(files) == 0 && len(names(out)) != archives {
					t.Errorf("%q, want no more than %d archives", names(out), archives)
				}
				archives = len(names(out))
			}
		})
	}
}

func names(dir string) (all []string) {
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			all = append(all, path)
		}
		return nil
	})
	return all
}

// TestSameAgain deletes what comes again after it was deleted, with the same ETag.
func TestSameAgain(t *testing.T) {
	server := s3test.Start(t, "logs", "archives")
	source, dest := s3test.URL(server.Address, "logs", ""), s3test.URL(server.Address, "archives", "")
	db := filepath.Join(t.TempDir(), "jobs.db")
	for i := range 2 {
		for _, name := range []string{"a.log", "b.log", "sub/empty.log"} {
			write(t, source, name, text(rand.New(rand.NewPCG(1, 17)), 1000*(1-strings.Count(name, "empty"))), time.Time{})
		}
		job(t, "run", "--db", db, "-l", "1", "--source", "delete", source, dest)
		if left, found := names(filepath.Join(server.Dir, "logs")), archived(t, filepath.Join(server.Dir, "archives")); len(left) > 0 || len(found) != 3 {
			t.Errorf("night %d: %q are left, %d files are in archives", i, left, len(found))
		}
		time.Sleep(1100 * time.Millisecond) // times of objects are seconds
	}
}

// TestNextHuge archives a huge file whose name another one had.
func TestNextHuge(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	os.Mkdir(in, 0o700)
	var want []string
	for i := range 3 {
		content := text(rand.New(rand.NewPCG(uint64(i), 16)), int(hugeSize)+i)
		want = append(want, string(content))
		if err := os.WriteFile(filepath.Join(in, "a.log"), content, 0o600); err != nil {
			t.Fatal(err)
		}
		job(t, "run", "--db", filepath.Join(dir, "jobs.db"), "-l", "1", "--source", "delete", in, out)
	}
	var got []string
	for _, contents := range archived(t, out) {
		got = append(got, contents...)
	}
	slices.SortFunc(got, func(a, b string) int { return len(a) - len(b) })
	if left := names(in); !slices.Equal(got, want) || len(left) > 0 {
		t.Errorf("%d versions are in archives, want %d, and %q are left", len(got), len(want), left)
	}
	noneHidden(t, out)
}

// TestOver packs anew what failed together with a source that changed, and fails once.
func TestOver(t *testing.T) {
	dir := t.TempDir()
	in, out, db := filepath.Join(dir, "in"), filepath.Join(dir, "out"), filepath.Join(dir, "jobs.db")
	r := rand.New(rand.NewPCG(1, 12))
	os.Mkdir(in, 0o700)
	write := func(name string) {
		if err := os.WriteFile(filepath.Join(in, name), text(r, 1000+r.IntN(1000)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.log")
	write("b.log")
	job(t, "run", "--enqueue", "--db", db, "-l", "1", in, out)
	write("a.log")
	if text, err := process("worker", "--drain", "--db", db).CombinedOutput(); err == nil {
		t.Fatalf("a source that changed is archived: %s", text)
	}
	for range 2 {
		job(t, "run", "--db", db, "-l", "1", "--source", "delete", in, out)
	}
	if left, found := names(in), archived(t, out); len(left) > 0 || len(found) != 2 {
		t.Errorf("%q are left, %d files are in archives", left, len(found))
	}
}

// TestPartOfPack proves what is left of the sources of a pack, without a database, before it
// deletes them; and leaves one that only seems to be in it.
func TestPartOfPack(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	r := rand.New(rand.NewPCG(1, 13))
	os.Mkdir(in, 0o700)
	at := time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC)
	write := func(name string, content []byte) { write(t, in, name, content, at) }
	same := text(r, 700)
	write("a.log", text(r, 1000))
	write("b.log", same)
	write("c.log", same)
	write("d.log", text(r, 900))
	job(t, "run", "--db", filepath.Join(dir, "1.db"), "-l", "1", in, out)
	archives := names(out)
	os.Remove(filepath.Join(in, "a.log"))
	os.Remove(filepath.Join(in, "d.log"))
	db := filepath.Join(dir, "2.db")
	job(t, "run", "--db", db, "--name", "j", "-l", "1", "--source", "delete", in, out)
	if left := names(in); len(left) > 0 {
		t.Errorf("%q are left", left)
	}
	var list []row
	if err := json.Unmarshal([]byte(job(t, "report", "--json", "--db", db, "j")), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || len(list[0].Sources) != 2 || !list[0].Adopted || list[0].SourceSHA256[1] != fmt.Sprintf("%x", sha256.Sum256(same)) {
		t.Errorf("%+v", list)
	}
	write("d.log", text(r, 900))
	args := []string{"run", "--db", filepath.Join(dir, "3.db"), "-l", "1", "--source", "delete", in, out}
	if text, err := process(args...).CombinedOutput(); err == nil {
		t.Errorf("another content is taken for that of a pack: %s", text)
	}
	if left := names(in); len(left) != 1 || !slices.Equal(names(out), archives) {
		t.Errorf("%q are left, and archives %q, want one and %q", left, names(out), archives)
	}
}

// TestPackGone looks into packs of a list of DEST of which one is gone since, and one is none.
func TestPackGone(t *testing.T) {
	dir := t.TempDir()
	none := "b" + packMark + "-2" + packSuffix
	if err := os.WriteFile(filepath.Join(dir, none), []byte("no archive"), 0o600); err != nil {
		t.Fatal(err)
	}
	in := &present{map[string]bool{"a" + packMark + "-1" + packSuffix: true, none: true}, map[string][]member{}}
	err := in.lookInto(context.Background(), &options{dest: dir}, []cloud.Info{{Key: "/in/a", Size: 1}}, "/in", nil)
	if err != nil || len(in.members) != 0 {
		t.Errorf("%v, %v", in.members, err)
	}
}

// TestTwice gives two workers the same objects, each by a job of its own: there is one archive of
// each, which both have proven, and nothing is lost if both delete the sources.
func TestTwice(t *testing.T) {
	for _, policy := range []string{keep, remove} {
		dir := t.TempDir()
		in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
		want := makeTree(t, in, 14, 5)
		want["d0/huge.log"] = text(rand.New(rand.NewPCG(15, 1)), 5*int(frameSize))
		if err := os.WriteFile(filepath.Join(in, "d0", "huge.log"), want["d0/huge.log"], 0o600); err != nil {
			t.Fatal(err)
		}
		var both sync.WaitGroup
		var dbs, said [2]string
		for i := range dbs {
			dbs[i] = filepath.Join(dir, fmt.Sprint(i, ".db"))
			job(t, "run", "--enqueue", "--db", dbs[i], "--name", "j", "-l", "1", "--source", policy, in, out)
		}
		for i, db := range dbs {
			both.Go(func() {
				text, err := process("worker", "--drain", "--db", db, "--at-once", "2").CombinedOutput()
				if said[i] = string(text); err != nil && (policy == keep || !strings.Contains(said[i], "archives failed")) {
					t.Errorf("%v: %s", err, text)
				}
			})
		}
		both.Wait()
		archives := map[string]string{} // and their SHA-256, as it is in a report
		for i, db := range dbs {
			report := job(t, "report", "--json", "--db", db, "j")
			if policy == keep {
				check(t, out, want, report, "")
			}
			var list []row
			if err := json.Unmarshal([]byte(report), &list); err != nil {
				t.Fatal(err)
			}
			for _, r := range list {
				switch is := archives[r.Archive]; {
				case r.Status != "SUCCESS" && policy == remove && said[i] != "":
				case is == "" || is == r.ArchiveSHA256:
					archives[r.Archive] = r.ArchiveSHA256
				default:
					t.Errorf("%s was made twice", r.Archive)
				}
			}
		}
		if found := names(out); len(found) != len(archives) {
			t.Errorf("%d archives, want %d: %q", len(found), len(archives), found)
		}
		got := archived(t, out)
		for name, content := range want {
			_, err := os.Stat(filepath.Join(in, name))
			if (err == nil) != (policy == keep) {
				t.Errorf("%s: %v", name, err)
			}
			if !slices.Contains(got[name], string(content)) {
				t.Errorf("%s is lost", name)
			}
		}
	}
}
