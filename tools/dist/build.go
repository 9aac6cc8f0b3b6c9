package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// build makes the program for a system, with the versions of modules that cmd/lmz names, as go
// install takes them.
func (r *release) build(tmp string, t target) (string, error) {
	out := filepath.Join(tmp, t.String(), "lmz")
	if t.os == "windows" {
		out += ".exe"
	}
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid= -X main.version=v"+r.version, "-o", out, ".")
	cmd.Dir = filepath.Join(r.sources, "cmd/lmz")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+t.os, "GOARCH="+t.arch, "GOWORK=off", "GOFLAGS=", "GOAMD64=v1", "GOARM64=v8.0", "CGO_LDFLAGS=")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("building for %v: %w", t, err)
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
