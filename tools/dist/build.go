package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// build makes a program for a system, with the versions of modules that its module names, as go
// install takes them.
func (r *release) build(tmp string, p program, t target) (string, error) {
	out := filepath.Join(tmp, t.String(), p.name)
	if t.os == "windows" {
		out += ".exe"
	}
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags", p.tags, "-ldflags", "-s -w -buildid= -X main.version=v"+r.version, "-o", out, ".")
	cmd.Dir = filepath.Join(r.sources, p.module)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+t.os, "GOARCH="+t.arch, "GOWORK=off", "GOFLAGS=", "GOAMD64=v1", "GOARM64=v8.0", "CGO_LDFLAGS=")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("building %s for %v: %w", p.name, t, err)
	}
	return out, nil
}

// viewer makes the page that shows archives.
func (r *release) viewer() error {
	out, err := filepath.Abs(filepath.Join(r.out, "lmz-viewer-"+r.version+".html"))
	if err != nil {
		return err
	}
	cmd := exec.Command("go", "run", "-buildvcs=false", "./viewer", "-version", r.version, "-o", out)
	cmd.Dir = r.sources
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("making the viewer: %w: %s", err, said)
	}
	return nil
}

// makeShare makes the manual of a module's program, and for lmz completions and the like, in a
// folder as /usr/share.
func (r *release) makeShare(tmp, module string) (string, error) {
	share := filepath.Join(tmp, "share", module)
	cmd := exec.Command("go", "run", "-buildvcs=false", "-tags", "share", "-ldflags", "-X main.version=v"+r.version, ".", share, fmt.Sprint(r.time.Unix()))
	cmd.Dir = filepath.Join(r.sources, module)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=", "GOOS=", "GOARCH=")
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("making the manual of %s: %w: %s", module, err, said)
	}
	return share, nil
}

// sharedFiles gives the files of it by their paths in it, sorted.
func (p *product) sharedFiles() (names []string, data map[string][]byte, err error) {
	if p.share == "" {
		return nil, nil, nil
	}
	data = map[string][]byte{}
	err = fs.WalkDir(os.DirFS(p.share), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		names = append(names, name)
		data[name], err = os.ReadFile(filepath.Join(p.share, filepath.FromSlash(name)))
		return err
	})
	return names, data, err
}
