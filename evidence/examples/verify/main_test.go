package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/lmz-go/lmz/evidence"
	"github.com/lmz-go/lmz/internal/archivetest"
	"github.com/lmz-go/lmz/stream"
)

// python runs the other example; nil: there is no Python.
func python(t *testing.T) func(args ...string) ([]byte, error) {
	interpreter, err := exec.LookPath("python3")
	if err != nil {
		t.Log("there is no python3: its example is not tried")
		return nil
	}
	return func(args ...string) ([]byte, error) {
		return exec.Command(interpreter, append([]string{"-I", "../verify.py"}, args...)...).Output()
	}
}

// Both examples believe what package evidence believes, and nothing else.
func TestExamples(t *testing.T) {
	others := map[string]func(args ...string) ([]byte, error){"go": func(args ...string) ([]byte, error) { return run(args) }}
	if p := python(t); p != nil {
		others["python"] = p
	}
	dir := t.TempDir()
	save := func(name string, doc any) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, evidence.Text(doc), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	check := func(what string, want error, line []byte, args ...string) {
		t.Helper()
		for name, verify := range others {
			got, err := verify(args...)
			if (err == nil) != (want == nil) || err == nil && !bytes.Equal(got, line) {
				t.Errorf("%s: %s says %q, %v; want %q, %v", what, name, got, err, line, want)
			}
		}
	}
	var archive []byte
	var heads []evidence.Head
	var provers []*evidence.Prover
	for i := range 4 {
		var text []byte
		for line := range 1 + 5*i {
			text = fmt.Appendf(text, "day %d, \xff\x00 and line %d\n", i, line)
		}
		if i == 3 {
			text = append(text, "no end"...)
		}
		archive = append(archive, archivetest.Compress(t, nil, text)...)
		a, err := stream.Open(bytes.NewReader(archive), int64(len(archive)), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		p, err := evidence.New(a)
		if err != nil {
			t.Fatal(err)
		}
		provers, heads = append(provers, p), append(heads, p.Head())
	}
	last := heads[3].Root.String()
	for i := int64(1); i <= heads[3].Lines+1; i += 18 {
		l, err := provers[3].Line(i)
		if err != nil {
			t.Fatal(err)
		}
		name := save("line", l)
		check(fmt.Sprint("line ", i), l.Verify(heads[3].Root), l.Text, name, last)
		check(fmt.Sprint("line ", i, " of another"), l.Verify(heads[2].Root), l.Text, name, heads[2].Root.String())
		for what, change := range map[string]func(p *evidence.LineProof){
			"number": func(p *evidence.LineProof) { p.Line++ }, "leaf": func(p *evidence.LineProof) { p.Line, p.Leaf = p.Line+1, p.Leaf+1 },
			"leaves": func(p *evidence.LineProof) { p.Leaves++ }, "frame": func(p *evidence.LineProof) { p.Frame = p.Frames - 1 - p.Frame },
			"before": func(p *evidence.LineProof) { p.Line, p.Before = p.Line+1, p.Before+1 }, "open": func(p *evidence.LineProof) { p.Open = !p.Open },
			"text": func(p *evidence.LineProof) { p.Text = append([]byte("x"), p.Text...) }, "no text": func(p *evidence.LineProof) { p.Text = nil },
			"lines": func(p *evidence.LineProof) { p.Text = append([]byte("x\n"), p.Text...) }, "half": func(p *evidence.LineProof) { p.FramePath = p.FramePath[1:] },
			"longer": func(p *evidence.LineProof) { p.Path = append(p.Path, make([]byte, 32)...) }, "path": func(p *evidence.LineProof) { p.FramePath[4] ^= 1 },
		} {
			bad := *l
			bad.Path, bad.FramePath = bytes.Clone(l.Path), bytes.Clone(l.FramePath)
			change(&bad)
			if bad.Verify(heads[3].Root) == nil {
				t.Errorf("line %d with another %s is proven", i, what)
			}
			check(fmt.Sprint("line ", i, " with another ", what), bad.Verify(heads[3].Root), nil, save("bad", &bad), last)
		}
	}
	for i := range heads {
		for j := i; j < len(heads); j++ {
			e, err := provers[j].Extension(heads[i])
			if err != nil {
				t.Fatal(err)
			}
			name := save("extension", e)
			then, now := heads[i].Root.String(), heads[j].Root.String()
			check(fmt.Sprint(i, " to ", j), e.Verify(heads[i].Root, heads[j].Root), nil, name, now, then)
			if len(e.Path) > 0 {
				bad := *e
				bad.Path = bytes.Clone(e.Path)
				bad.Path[len(bad.Path)-1] ^= 1
				check(fmt.Sprint(i, " to ", j, " by another path"), bad.Verify(heads[i].Root, heads[j].Root), nil, save("bad", &bad), now, then)
			}
			for _, frames := range []int64{0, e.Old.Frames + 1} {
				bad := *e
				bad.Old.Frames = frames
				check(fmt.Sprint(i, " to ", j, " of ", frames), bad.Verify(heads[i].Root, heads[j].Root), nil, save("bad", &bad), now, then)
			}
		}
	}
	check("a head", os.ErrInvalid, nil, save("head", heads[3]), last)
	check("no root", os.ErrInvalid, nil, save("head", heads[3]))
}
