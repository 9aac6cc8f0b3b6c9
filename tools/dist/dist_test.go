//go:build unix && !cgo

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lmz-go/lmz/internal/s3test"
)

// made is a release of one system, made of the tree in sources.
func made(t *testing.T, sources string) string {
	t.Helper()
	r := &release{version: "0.0.1", time: time.Unix(1_700_000_000, 0).UTC(), sources: sources, out: t.TempDir()}
	if err := r.make([]target{{"linux", runtime.GOARCH}}); err != nil {
		t.Fatal(err)
	}
	return r.out
}

// Two releases of the same sources in two places are the same, bit for bit. What is in them is
// built without cgo, and so is this test: it takes minutes, and longer with the race detector.
func TestReproducible(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the command twice")
	}
	copied := filepath.Join(t.TempDir(), "elsewhere")
	list, err := exec.Command("git", "-C", "../..", "ls-files", "-z").Output()
	if err != nil {
		t.Skip("this is no checkout")
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(list), "\x00"), "\x00") {
		data, err := os.ReadFile(filepath.Join("../..", name))
		if err == nil {
			err = os.MkdirAll(filepath.Dir(filepath.Join(copied, name)), 0o777)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(copied, name), data, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	one, two := made(t, "../.."), made(t, copied)
	files, err := os.ReadDir(one)
	if err != nil || len(files) < 14 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		a, errA := os.ReadFile(filepath.Join(one, f.Name()))
		b, errB := os.ReadFile(filepath.Join(two, f.Name()))
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs: %d bytes, %d bytes, %v, %v", f.Name(), len(a), len(b), errA, errB)
		}
	}
	checkSums(t, one)
	checkBill(t, one, "lmz", []string{"std", "github.com/klauspost/compress", "github.com/spf13/cobra"})
	checkBill(t, one, "lmz-cloud", []string{"std", "github.com/klauspost/compress", "gocloud.dev", "modernc.org/sqlite", "github.com/dbos-inc/dbos-transact-golang"})
	tryPrograms(t, one)
	tryDebs(t, one)
}

func checkSums(t *testing.T, dir string) {
	sums, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(sums)), "\n")
	if files, _ := os.ReadDir(dir); len(lines) != len(files)-1 {
		t.Errorf("%d sums of %d files", len(lines), len(files))
	}
	for _, line := range lines {
		sum, name, _ := strings.Cut(line, "  ")
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || fmt.Sprintf("%x", sha256.Sum256(data)) != sum {
			t.Errorf("sum of %s: %v", name, err)
		}
	}
}

// The bill of materials names what is in the programs, and the notices have the licence of all
// that.
func checkBill(t *testing.T, dir, product string, want []string) {
	text, err := os.ReadFile(filepath.Join(dir, product+"-0.0.1.cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	var bill struct {
		BOMFormat  string
		Metadata   struct{ Component struct{ Name string } }
		Components []struct{ Name, Version string }
	}
	if err := json.Unmarshal(text, &bill); err != nil || bill.BOMFormat != "CycloneDX" || bill.Metadata.Component.Name != product {
		t.Fatalf("%v, %q of %q", err, bill.BOMFormat, bill.Metadata.Component.Name)
	}
	notices, err := os.ReadFile(filepath.Join(dir, product+"-0.0.1-NOTICES.txt"))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, c := range bill.Components {
		names[c.Name] = true
		if want := c.Name + " " + c.Version + ", "; c.Name != "std" && !bytes.Contains(notices, []byte(want)) {
			t.Errorf("no notice of %s", want)
		}
	}
	for _, name := range want {
		if !names[name] {
			t.Errorf("%s is not in the bill of %s", name, product)
		}
	}
	if product == "lmz" && names["gocloud.dev"] {
		t.Error("lmz has the SDKs of object stores in it")
	}
}

// Programs need nothing but themselves: they are run in a folder with nothing else, as the root of
// all where that is allowed.
func tryPrograms(t *testing.T, dir string) {
	root := t.TempDir()
	unpack(t, dir, "lmz", root, "lmz")
	tryIn(t, root, "lmz")
	unpack(t, dir, "lmz-cloud", root, "lmz-cloud", "lmz-job")
	tryCloud(t, root, "")
}

// unpack takes programs out of the archive of a product.
func unpack(t *testing.T, dir, product, root string, programs ...string) {
	t.Helper()
	folder := product + "-0.0.1-linux-" + runtime.GOARCH
	file, err := os.Open(filepath.Join(dir, folder+".tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewReader(z)
	for {
		h, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		if base := path.Base(h.Name); h.Name == folder+"/"+base && slices.Contains(programs, base) {
			if err := os.WriteFile(filepath.Join(root, base), data, os.FileMode(h.Mode)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// tryIn runs the program at a path below root.
func tryIn(t *testing.T, root, program string) {
	t.Helper()
	if runtime.GOOS != "linux" {
		return
	}
	static(t, filepath.Join(root, program))
	run := func(stdin string, args ...string) string {
		t.Helper()
		return runIn(t, root, program, nil, stdin, args...)
	}
	if got := run("", "version"); !strings.Contains(got, "v0.0.1") {
		t.Errorf("lmz version says %q", got)
	}
	text := strings.Repeat("a line of some text, and a number: 17\n", 500)
	if got := run(run(text, "-9", "-c"), "-d", "-c"); got != text {
		t.Errorf("%d bytes come back, want %d", len(got), len(text))
	}
}

// tryCloud runs lmz and what it runs, which lie in a folder below root, on objects of a server of
// S3 and for a job.
func tryCloud(t *testing.T, root, folder string) {
	t.Helper()
	if runtime.GOOS != "linux" {
		return
	}
	s3 := s3test.Start(t, "logs")
	var env []string
	for k, v := range s3test.Environment() {
		env = append(env, k+"="+v)
	}
	run := func(stdin string, args ...string) string {
		t.Helper()
		return runIn(t, root, path.Join(folder, "lmz"), env, stdin, args...)
	}
	static(t, filepath.Join(root, folder, "lmz-cloud"))
	static(t, filepath.Join(root, folder, "lmz-job"))
	if got := runIn(t, root, path.Join(folder, "lmz-cloud"), env, "", "--version"); got != "lmz v0.0.1\n" {
		t.Errorf("lmz-cloud --version says %q", got)
	}
	if got := run("", "job", "--version"); got != "lmz job v0.0.1\n" {
		t.Errorf("lmz job --version says %q", got)
	}
	text := strings.Repeat("a line of some text, and a number: 17\n", 500)
	url := s3test.URL(s3.Address, "logs", "a.lmz")
	run(text, "-q", "-1", "-o", url)
	if got := run("", "cat", url); got != text {
		t.Errorf("%d bytes come back from a bucket, want %d", len(got), len(text))
	}
	if err := os.Mkdir(filepath.Join(root, "logs"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "logs/a.log"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	run("", "job", "run", "--db", "jobs.db", "--name", "some", "--worker", "one", "--pack=false", "-l", "1", "--source", "delete", "logs", "archives")
	if got := run("", "cat", "archives/a.log.lmz"); got != text {
		t.Errorf("%d bytes come back of a job, want %d", len(got), len(text))
	}
	if _, err := os.Stat(filepath.Join(root, "logs/a.log")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the job has left its source: %v", err)
	}
	if got := run("", "job", "report", "--db", "jobs.db", "some"); strings.Count(got, "SUCCESS") != 1 {
		t.Errorf("the report says %q", got)
	}
}

// static fails where a program needs a dynamic linker.
func static(t *testing.T, program string) {
	t.Helper()
	binary, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer binary.Close()
	for _, p := range binary.Progs {
		if p.Type == elf.PT_INTERP {
			t.Errorf("%s wants a dynamic linker", program)
		}
	}
}

// runIn runs the program at a path below root, which is the root of all where that is allowed, and
// the current folder.
func runIn(t *testing.T, root, program string, env []string, stdin string, args ...string) string {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute) // a job tries for hours
	defer stop()
	cmd := exec.CommandContext(ctx, "/"+program, args...)
	cmd.Env, cmd.Dir, cmd.Stdin = append([]string{}, env...), "/", strings.NewReader(stdin)
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	} else {
		cmd.Path, cmd.Dir = filepath.Join(root, program), root
		cmd.Args[0] = cmd.Path
	}
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	if err != nil {
		t.Fatalf("%s %q: %v", program, args, err)
	}
	return string(out)
}

func tryDebs(t *testing.T, dir string) {
	if _, err := exec.LookPath("dpkg-deb"); err != nil {
		t.Log("there is no dpkg-deb")
		return
	}
	root := t.TempDir()
	for product, depends := range map[string]string{"lmz": "", "lmz-cloud": "Depends: lmz (= 0.0.1)\n"} {
		deb := filepath.Join(dir, product+"-0.0.1-linux-"+runtime.GOARCH+".deb")
		if out, err := exec.Command("dpkg-deb", "-x", deb, root).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if text, err := os.ReadFile(filepath.Join(root, "usr/share/doc", product, "copyright")); err != nil || !bytes.Contains(text, []byte("klauspost")) {
			t.Errorf("copyright of %s: %d bytes, %v", product, len(text), err)
		}
		out, err := exec.Command("dpkg-deb", "-f", deb, "Package", "Version", "Architecture", "Depends").Output()
		want := "Package: " + product + "\nVersion: 0.0.1\nArchitecture: " + runtime.GOARCH + "\n" + depends
		if err != nil || string(out) != want {
			t.Errorf("%q, want %q, %v", out, want, err)
		}
	}
	tryIn(t, root, "usr/bin/lmz")
	tryCloud(t, root, "usr/bin")
	for name, want := range map[string]string{
		"man/man1/lmz.1": ".TH LMZ 1 2023-11-14 \"lmz v0.0.1\"", "man/man1/lmz-grep.1": "only\\-matching", "man/man1/lmz-job-run.1": "at\\-once", "bash-completion/completions/lmz": "__complete",
		"fish/vendor_completions.d/lmz.fish": "complete -c lmz", "zsh/vendor-completions/_lmz": "#compdef lmz", "mime/packages/lmz.xml": "application/x-lmz",
	} {
		if text, err := os.ReadFile(filepath.Join(root, "usr/share", name)); err != nil || !bytes.Contains(text, []byte(want)) {
			t.Errorf("%s: %v, want %q in it", name, err, want)
		}
	}
	for _, name := range []string{"unlmz", "lmzcat", "lmzgrep"} {
		if to, err := os.Readlink(filepath.Join(root, "usr/bin", name)); to != "lmz" {
			t.Errorf("%s is a link to %q: %v", name, to, err)
		}
	}
}

func TestVersions(t *testing.T) {
	for _, version := range []string{"", "abc", "v"} {
		if err := run(version, time.Time{}, t.TempDir(), ""); err == nil {
			t.Errorf("version %q is taken", version)
		}
	}
	if err := run("1.2.3", time.Time{}, t.TempDir(), "plan9-amd64"); err == nil {
		t.Error("a release for another system")
	}
}
