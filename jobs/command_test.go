//go:build unix

package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/lmz-go/lmz/cloud"
	"github.com/lmz-go/lmz/internal/s3test"
)

// refused fails unless lmz job fails with such a message.
func refused(t *testing.T, want string, args ...string) {
	t.Helper()
	c := process(args...)
	text, err := c.CombinedOutput()
	if c.ProcessState.ExitCode() != 2 || !strings.Contains(string(text), want) || strings.Contains(string(text), "DBOS") {
		t.Errorf("lmz job %s: %v: %s\nwant %q", strings.Join(args, " "), err, text, want)
	}
}

// TestRefused refuses what cannot be meant before anything is done.
func TestRefused(t *testing.T) {
	dir := t.TempDir()
	in, out, db := filepath.Join(dir, "in"), filepath.Join(dir, "out"), filepath.Join(dir, "jobs.db")
	makeTree(t, in, 1, 1)
	for _, c := range []struct{ args, want string }{
		{"run -n 0 IN OUT", "at least 1"},
		{"worker -n 0", "at least 1"},
		{"run -l 10 IN OUT", "levels are 0 to 9"},
		{"run --source tag IN OUT", "has no tags"},
		{"run --source tag gs://b/ OUT", "has no tags"},
	} {
		args := strings.Fields(strings.NewReplacer("IN", in, "OUT", out).Replace(c.args))
		refused(t, c.want, append(args, "--db", db)...)
	}
	for _, c := range []struct{ args, want string }{
		{"--levels 10", "levels are 0 to 9"}, {"--levels -1", "levels are 0 to 9"}, {"--cores 0", "give 1"},
		{"--months 0", "give 1"}, {"--months -1", "give 1"}, {"--sample 0", "give 1"}, {"--tb-month 0", "above 0"}, {"--tb-month -1", "above 0"},
		{"--tb-month NaN", "above 0"}, {"--core-hour -1", "0 or more"}, {"--core-hour +Inf", "0 or more"},
	} {
		refused(t, c.want, append(append([]string{"plan"}, strings.Fields(c.args)...), in)...)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("%v, want only the source", left)
	}
	os.WriteFile(db, []byte("no database at all"), 0o600)
	refused(t, "the database "+db+": ", "status", "--db", db)
	refused(t, "the database "+db+": ", "run", "--db", db, in, out)
	refused(t, "u:xxxxx@127.0.0.1:1", "status", "--db", "postgres://u:secret@127.0.0.1:1/x")
}

// TestNoJob says that there is no such job, or none at all, and makes no database.
func TestNoJob(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_STATE_HOME", dir)
	empty := filepath.Join(dir, "empty.db")
	os.WriteFile(empty, nil, 0o600)
	for _, db := range [][]string{nil, {"--db", empty}} {
		for _, command := range []string{"status", "report", "resume", "cancel"} {
			refused(t, "there are no jobs yet", append(db, command, "nope")...)
		}
		text, err := process(append(db, "status")...).CombinedOutput()
		if err != nil || string(text) != "lmz job: "+errNoJobs.Error()+"\n" {
			t.Errorf("%v: %s", err, text)
		}
		if text := job(t, append(db, "status", "--json")...); text != "[]\n" {
			t.Error(text)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("%v are there, want nothing but what was", left)
	}
	in := filepath.Join(dir, "in")
	makeTree(t, in, 1, 1)
	for _, out := range []string{"one", "two"} { // are jobs of their own
		job(t, "run", "-l", "1", in, filepath.Join(dir, out))
	}
	name := jobName(in) + "-to-" + jobName(dir)
	for _, command := range []string{"status", "report", "resume", "cancel"} {
		refused(t, fmt.Sprintf("there is no job nope: the jobs are %s-one, %s-two", name, name), command, "nope")
	}
	if text := job(t, "report", name+"-two"); strings.Count(text, "\n") != 2 {
		t.Errorf("%s\nwant one source", text)
	}
	if text := job(t, "status", name+"-two"); strings.Count(text, "\n") != 2 {
		t.Errorf("%s\nwant one job", text)
	}
}

func TestJobName(t *testing.T) {
	for of, want := range map[string]string{
		"s3://logs/2026/": "logs-2026", "s3://logs?endpoint=http://x:1/": "logs", "/var/log": "var-log", "/": "",
	} {
		if got := jobName(of); got != want {
			t.Errorf("%s: %q, want %q", of, got, want)
		}
	}
}

// TestLevels takes level 0 for a level like others, and says where none pays.
func TestLevels(t *testing.T) {
	dir := t.TempDir()
	in, db := filepath.Join(dir, "in"), filepath.Join(dir, "jobs.db")
	r := rand.New(rand.NewPCG(1, 1))
	noise := make([]byte, 200<<10)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	os.Mkdir(in, 0o700)
	os.WriteFile(filepath.Join(in, "a.log"), text(r, 200<<10), 0o600)
	os.WriteFile(filepath.Join(in, "b.bin"), noise, 0o600)
	said := job(t, "plan", "--json", "--levels", "0", in)
	var p plan
	if err := json.Unmarshal([]byte(said), &p); err != nil {
		t.Fatal(err)
	}
	levels := map[string]*int{}
	for _, k := range p.Kinds {
		levels[k.Kind] = k.Level
		if pays := k.Kind == "./*.log"; (k.Levels[0].PaysAfter != nil) != pays {
			t.Errorf("%+v", k)
		}
	}
	if log := levels["./*.log"]; log == nil || *log != 0 || levels["./*.bin"] != nil || strings.Count(said, `"level": null`) != 1 {
		t.Errorf("%s", said)
	}
	table := job(t, "plan", "--levels", "0", in)
	if strings.Count(table, "recommended") != 1 || strings.Count(table, "never") != 1 || strings.Count(table, "none pays") != 1 {
		t.Error(table)
	}
	name := filepath.Join(dir, "plan.json")
	os.WriteFile(name, []byte(said), 0o600)
	text, err := process("run", "--db", db, "--name", "j", "-l", "1", "--plan", name, in, filepath.Join(dir, "out")).CombinedOutput()
	if err != nil || !strings.Contains(string(text), "no level pays for ./*.bin, which is archived at level 1 all the same") {
		t.Errorf("%v: %s", err, text)
	}
	job(t, "run", "--db", db, "--name", "k", "-l", "0", in, filepath.Join(dir, "zero"))
	for name, want := range map[string][]int{"j": {0, 1}, "k": {0, 0}} {
		var list []row
		if err := json.Unmarshal([]byte(job(t, "report", "--json", "--db", db, name)), &list); err != nil {
			t.Fatal(err)
		}
		if len(list) != 2 || list[0].Level != want[0] || list[1].Level != want[1] {
			t.Errorf("%+v, want levels %d", list, want)
		}
	}
	os.WriteFile(name, []byte(strings.Replace(said, `"level": null`, `"level": 12`, 1)), 0o600)
	refused(t, "levels are 0 to 9", "run", "--db", db, "--plan", name, in, filepath.Join(dir, "out"))
}

// TestRatio has the same ratio in status and report, also of a pack, whose tar has copies once.
func TestRatio(t *testing.T) {
	dir := t.TempDir()
	in, db := filepath.Join(dir, "in"), filepath.Join(dir, "jobs.db")
	os.Mkdir(in, 0o700)
	log := text(rand.New(rand.NewPCG(1, 1)), 50<<10)
	for _, name := range []string{"a.log", "b.log", "c.log"} {
		os.WriteFile(filepath.Join(in, name), log, 0o600)
	}
	job(t, "run", "--db", db, "--name", "j", "-l", "1", in, filepath.Join(dir, "out"))
	lines, err := csv.NewReader(strings.NewReader(job(t, "report", "--db", db, "j"))).ReadAll()
	if err != nil || len(lines) != 4 {
		t.Fatalf("%v: %q", err, lines)
	}
	column := func(name string) float64 {
		t.Helper()
		n, err := strconv.ParseFloat(lines[1][slices.Index(lines[0], name)], 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	want := float64(3*len(log)) / column("archive_bytes")
	if got := fmt.Sprintf("%.3f", column("ratio")); got != fmt.Sprintf("%.3f", want) {
		t.Errorf("report has the ratio %s, want %f", got, want)
	}
	// From the quotient itself: what report has rounded may not be rounded again.
	status := strings.Fields(strings.Split(job(t, "status", "--db", db, "j"), "\n")[1])
	if !slices.Contains(status, fmt.Sprintf("%.2f", want)) {
		t.Errorf("status %q, want the ratio %f", status, want)
	}
}

// TestCancelled does not take for done what was cancelled, and says what resuming it has left to do.
func TestCancelled(t *testing.T) {
	dir := t.TempDir()
	in, out, db := filepath.Join(dir, "in"), filepath.Join(dir, "out"), filepath.Join(dir, "jobs.db")
	makeTree(t, in, 1, 1)
	run := []string{"run", "--db", db, "--name", "j", "-l", "1", in, out}
	job(t, append(run, "--enqueue")...)
	said := func(code int, want string, args ...string) {
		t.Helper()
		c := process(args...)
		if text, _ := c.CombinedOutput(); c.ProcessState.ExitCode() != code || !strings.Contains(string(text), want) {
			t.Errorf("%v: %v: %s\nwant %d and %q", args, c.ProcessState, text, code, want)
		}
	}
	said(0, "1 archives are cancelled", "cancel", "--db", db, "j")
	said(1, "1 archives were cancelled", run...)
	said(0, "1 archives go back", "resume", "--db", db, "j")
	said(0, "1 archives of them not done yet", run...)
	// What was kept stays, which is said.
	run = append(run, "--source", "delete")
	said(0, "stay as they are", run...)
	sources := filepath.Join(in, "*", "*")
	if left, _ := filepath.Glob(sources); len(left) != 1 {
		t.Errorf("%v is left", left)
	}
	run[4] = "k"
	said(0, "k: ", run...)
	if left, _ := filepath.Glob(sources); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

// TestPrivate lets nobody read an archive in a folder who may not read what is in it.
func TestPrivate(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	defer syscall.Umask(syscall.Umask(0o022))
	r := rand.New(rand.NewPCG(1, 1))
	for name, of := range map[string]struct {
		size int
		perm os.FileMode
	}{
		"open/a.log": {200 << 10, 0o644}, "secret/a.log": {200 << 10, 0o640}, // one by one
		"open/b.log": {500, 0o644}, "open/c.log": {500, 0o644}, "secret/b.log": {500, 0o644}, "secret/c.log": {500, 0o600}, // packed
	} {
		name = filepath.Join(in, name)
		os.MkdirAll(filepath.Dir(name), 0o700)
		if err := os.WriteFile(name, text(r, of.size), of.perm); err != nil {
			t.Fatal(err)
		}
	}
	job(t, "run", "--db", filepath.Join(dir, "jobs.db"), "-l", "1", in, out)
	for folder, private := range map[string]bool{"open": false, "secret": true} {
		all, err := os.ReadDir(filepath.Join(out, folder))
		if err != nil || len(all) != 2 {
			t.Fatalf("%v, %v", all, err)
		}
		for _, e := range all {
			if info, err := e.Info(); err != nil || (info.Mode().Perm()&0o077 == 0) != private {
				t.Errorf("%s/%s: %v, %v", folder, e.Name(), info.Mode(), err)
			}
		}
	}
}

// TestInputs takes an inventory and a plan from a bucket.
func TestInputs(t *testing.T) {
	ctx := context.Background()
	s3 := s3test.Start(t, "logs", "lists")
	for bucket, files := range map[string]map[string]string{
		"logs":  {"a.log": "one\n", "b.log": "two\n"},
		"lists": {"i.csv": "logs,a.log,4\n", "other.csv": "logs,2025/a.log,4\n", "plan.json": `{"kinds": [{"kind": "./*.log", "bytes": 4, "level": 2}]}`},
	} {
		b, _, err := cloud.Open(ctx, s3test.URL(s3.Address, bucket, ""))
		if err != nil {
			t.Fatal(err)
		}
		for name, content := range files {
			u, err := b.Create(ctx, name, false, 0)
			if err == nil {
				u.Write([]byte(content))
				_, err = u.Commit()
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		b.Close()
	}
	here := t.TempDir()
	refused(t, "there is no bucket nope", "run", "--db", filepath.Join(here, "no.db"), here, s3test.URL(s3.Address, "nope", "2026/"))
	refused(t, "there is no bucket nope", "plan", s3test.URL(s3.Address, "nope", "2026/"))
	source, inventory := s3test.URL(s3.Address, "logs", ""), s3test.URL(s3.Address, "lists", "i.csv")
	if text := job(t, "plan", "--levels", "1", "--inventory", inventory, source); !strings.Contains(text, " 1 objects") {
		t.Error(text)
	}
	other := process("plan", "--levels", "1", "--inventory", s3test.URL(s3.Address, "lists", "other.csv"), s3test.URL(s3.Address, "logs", "2026/"))
	if text, err := other.CombinedOutput(); err != nil || !strings.Contains(string(text), "1 of its objects are left out, whose keys do not begin with 2026/") {
		t.Errorf("%v: %s", err, text)
	}
	db := filepath.Join(t.TempDir(), "jobs.db")
	job(t, "run", "--db", db, "--name", "j", "--inventory", inventory, "--plan", s3test.URL(s3.Address, "lists", "plan.json"), source, t.TempDir())
	var list []row
	if err := json.Unmarshal([]byte(job(t, "report", "--json", "--db", db, "j")), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || list[0].Level != 2 || list[0].Sources[0].Key != "a.log" {
		t.Errorf("%+v", list)
	}
}
