//go:build unix && !cgo

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
	versions "golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// What CONTRIBUTING.md says of tags makes modules that go install takes. The command that it gives
// needs no libllama for what the embedded models do, and knows its version. It is built without
// cgo, and so is this test.
func TestGoInstall(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the command")
	}
	const version = "v0.0.1"
	list, err := exec.Command("git", "-C", "../..", "ls-files", "-z").Output()
	if err != nil {
		t.Skip("this is no checkout")
	}
	names := strings.Split(strings.TrimRight(string(list), "\x00"), "\x00")
	proxy := t.TempDir()
	for _, folder := range []string{"", "brotli", "cloud", "exact/gpu", "cmd/lmz"} {
		if err := tagModule(proxy, folder, version, names); err != nil {
			t.Fatal(err)
		}
	}
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	cmd := exec.Command("go", "install", "github.com/lmz-go/lmz/cmd/lmz@"+version)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOSUMDB=off", "GOFLAGS=-modcacherw", "GOBIN="+root, "GOMODCACHE="+t.TempDir(),
		"GOPROXY=file://"+proxy+",file://"+strings.TrimSpace(string(cache))+"/cache/download")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	tryIn(t, root, "lmz")
	if out, err := exec.Command(filepath.Join(root, "lmz"), "--version").Output(); string(out) != "lmz "+version+"\n" {
		t.Errorf("%q, %v", out, err)
	}
}

// tagModule puts what a folder of the repository is, as a module of this version, where GOPROXY
// finds it: it requires the others of the repository in the same version, without replace.
func tagModule(proxy, folder, version string, names []string) error {
	goMod := filepath.Join("../..", folder, "go.mod")
	text, err := os.ReadFile(goMod)
	if err != nil {
		return err
	}
	mod, err := modfile.Parse(goMod, text, nil)
	if err != nil {
		return err
	}
	for _, r := range mod.Replace {
		old := r.Old // which dropping clears
		if err := mod.DropReplace(old.Path, old.Version); err != nil {
			return err
		}
		if err := mod.AddRequire(old.Path, version); err != nil {
			return err
		}
	}
	mod.Cleanup()
	if text, err = mod.Format(); err != nil {
		return err
	}
	dir := filepath.Join(proxy, mod.Module.Mod.Path, "@v")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	var files []zip.File
	for _, name := range names {
		if below, ok := strings.CutPrefix(name, folder); ok {
			below = strings.TrimPrefix(below, "/")
			if info, err := os.Lstat(filepath.Join("../..", name)); err == nil && info.Mode().IsRegular() {
				files = append(files, moduleFile{below, filepath.Join("../..", name), text, info})
			}
		}
	}
	// Modules below this one are no part of it.
	inner := map[string]bool{}
	for _, f := range files {
		if dir, base := filepath.Split(f.Path()); base == "go.mod" && dir != "" {
			inner[dir] = true
		}
	}
	own := files[:0]
	for _, f := range files {
		part := true
		for dir := range inner {
			part = part && !strings.HasPrefix(f.Path(), dir)
		}
		if part {
			own = append(own, f)
		}
	}
	var out bytes.Buffer
	if err := zip.Create(&out, versions.Version{Path: mod.Module.Mod.Path, Version: version}, own); err != nil {
		return err
	}
	for ext, data := range map[string][]byte{
		".info": fmt.Appendf(nil, `{"Version": %q, "Time": "2023-11-14T22:13:20Z"}`, version), ".mod": text, ".zip": out.Bytes(),
	} {
		if err := os.WriteFile(filepath.Join(dir, version+ext), data, 0o666); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "list"), []byte(version+"\n"), 0o666)
}

// moduleFile is a file of a module, whose go.mod is another one than that in the tree.
type moduleFile struct {
	below, name string
	goMod       []byte
	info        os.FileInfo
}

func (f moduleFile) Path() string { return f.below }

func (f moduleFile) Open() (io.ReadCloser, error) {
	if f.below == "go.mod" {
		return io.NopCloser(bytes.NewReader(f.goMod)), nil
	}
	return os.Open(f.name)
}

func (f moduleFile) Lstat() (os.FileInfo, error) { return f.info, nil }
