//go:build unix

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/elf"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
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

// Two releases of the same sources in two places are the same, bit for bit.
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
	if err != nil || len(files) < 8 {
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
	checkBill(t, one)
	tryProgram(t, one)
	tryDeb(t, one)
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

// The bill of materials names what is in the program, and the notices have the licence of all that.
func checkBill(t *testing.T, dir string) {
	text, err := os.ReadFile(filepath.Join(dir, "lmz-0.0.1.cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	var bill struct {
		BOMFormat  string
		Components []struct{ Name, Version string }
	}
	if err := json.Unmarshal(text, &bill); err != nil || bill.BOMFormat != "CycloneDX" {
		t.Fatalf("%v, %q", err, bill.BOMFormat)
	}
	notices, err := os.ReadFile(filepath.Join(dir, "NOTICES.txt"))
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
	for _, name := range []string{"std", "github.com/klauspost/compress", "github.com/spf13/cobra"} {
		if !names[name] {
			t.Errorf("%s is not in the bill", name)
		}
	}
}

// The program needs nothing but itself: it is run in a folder with nothing else, as the root of all
// where that is allowed.
func tryProgram(t *testing.T, dir string) {
	file, err := os.Open(filepath.Join(dir, "lmz-0.0.1-linux-"+runtime.GOARCH+".tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
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
		if h.Name == "lmz-0.0.1-linux-"+runtime.GOARCH+"/lmz" {
			if err := os.WriteFile(filepath.Join(root, "lmz"), data, os.FileMode(h.Mode)); err != nil {
				t.Fatal(err)
			}
		}
	}
	tryIn(t, root, "lmz")
}

// tryIn runs the program at a path below root.
func tryIn(t *testing.T, root, program string) {
	t.Helper()
	if runtime.GOOS != "linux" {
		return
	}
	binary, err := elf.Open(filepath.Join(root, program))
	if err != nil {
		t.Fatal(err)
	}
	defer binary.Close()
	for _, p := range binary.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("the program wants a dynamic linker")
		}
	}
	run := func(stdin string, args ...string) string {
		cmd := &exec.Cmd{Path: "/" + program, Args: append([]string{"lmz"}, args...), Env: []string{}, Dir: "/", Stdin: strings.NewReader(stdin)}
		if os.Geteuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
		} else {
			cmd.Path, cmd.Dir = filepath.Join(root, program), root
		}
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("lmz %q: %v", args, err)
		}
		return string(out)
	}
	if got := run("", "version"); !strings.Contains(got, "v0.0.1") {
		t.Errorf("lmz version says %q", got)
	}
	text := strings.Repeat("a line of some text, and a number: 17\n", 500)
	if got := run(run(text, "-9", "-c"), "-d", "-c"); got != text {
		t.Errorf("%d bytes come back, want %d", len(got), len(text))
	}
}

func tryDeb(t *testing.T, dir string) {
	deb := filepath.Join(dir, "lmz-0.0.1-linux-"+runtime.GOARCH+".deb")
	if _, err := exec.LookPath("dpkg-deb"); err != nil {
		t.Log("there is no dpkg-deb")
		return
	}
	root := t.TempDir()
	if out, err := exec.Command("dpkg-deb", "-x", deb, root).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	tryIn(t, root, "usr/bin/lmz")
	if text, err := os.ReadFile(filepath.Join(root, "usr/share/doc/lmz/copyright")); err != nil || !bytes.Contains(text, []byte("klauspost")) {
		t.Errorf("copyright: %d bytes, %v", len(text), err)
	}
	for name, want := range map[string]string{
		"man/man1/lmz.1": ".TH LMZ 1 2023-11-14 \"lmz v0.0.1\"", "man/man1/lmz-grep.1": "only\\-matching", "bash-completion/completions/lmz": "__complete",
		"fish/vendor_completions.d/lmz.fish": "complete -c lmz", "zsh/vendor-completions/_lmz": "#compdef lmz", "mime/packages/lmz.xml": "application/x-lmz",
	} {
		if text, err := os.ReadFile(filepath.Join(root, "usr/share", name)); err != nil || !bytes.Contains(text, []byte(want)) {
			t.Errorf("%s: %v, want %q in it", name, err, want)
		}
	}
	for _, name := range aliases {
		if to, err := os.Readlink(filepath.Join(root, "usr/bin", name)); to != "lmz" {
			t.Errorf("%s is a link to %q: %v", name, to, err)
		}
	}
	out, err := exec.Command("dpkg-deb", "-f", deb, "Package", "Version", "Architecture").Output()
	if err != nil || !strings.Contains(string(out), "Version: 0.0.1\n") || !strings.Contains(string(out), "Architecture: "+runtime.GOARCH) {
		t.Errorf("%s, %v", out, err)
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
