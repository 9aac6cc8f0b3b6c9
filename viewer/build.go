//go:build !js

// Command viewer makes a page that shows archives in any browser, without an installation and
// without a network: lmz as WebAssembly (main_js.go) is in it.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/lmz-go/lmz/internal/format"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string
	//go:embed worker.js
	workerJS string
)

func main() {
	out := flag.String("o", "lmz-viewer.html", "the page")
	version := flag.String("version", "", "what the page says of itself")
	flag.Parse()
	page, err := build(*version)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(*out), 0o777)
	}
	if err == nil {
		err = os.WriteFile(*out, page, 0o666)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "viewer:", err)
		os.Exit(1)
	}
	fmt.Printf("%s: %.1f MB\n", *out, float64(len(page))/1e6)
}

// build makes the page. It is run in the module's folder.
func build(version string) ([]byte, error) {
	program, err := compile()
	if err != nil {
		return nil, err
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, err
	}
	glue, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib/wasm/wasm_exec.js"))
	if err != nil {
		return nil, err
	}
	magic, err := json.Marshal([]int{int(format.HeaderMagic[0]), int(format.HeaderMagic[1]), int(format.HeaderMagic[2]), int(format.HeaderMagic[3])})
	if err != nil {
		return nil, err
	}
	script := strings.ReplaceAll(pageJS, "MAGIC", string(magic))
	parts := map[string]string{
		"STYLE": pageCSS, "SCRIPT": script, "VERSION": version,
		"STYLE-HASH": hash(pageCSS), "SCRIPT-HASH": hash(script),
		"WORKER": string(glue) + "\n" + workerJS, "PROGRAM": base64.StdEncoding.EncodeToString(program),
	}
	if strings.Contains(strings.ToLower(parts["WORKER"]+script), "</script") {
		return nil, fmt.Errorf("a script has the text </script")
	}
	var page bytes.Buffer
	for rest := pageHTML; ; {
		before, behind, found := strings.Cut(rest, "{{")
		page.WriteString(before)
		if !found {
			return page.Bytes(), nil
		}
		name, behind, _ := strings.Cut(behind, "}}")
		part, known := parts[name]
		if !known {
			return nil, fmt.Errorf("page.html: unknown part %q", name)
		}
		page.WriteString(part)
		rest = behind
	}
}

// hash is what a Content-Security-Policy calls a script or style.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// compile is the program as WebAssembly, compressed.
func compile() ([]byte, error) {
	tmp, err := os.MkdirTemp("", "lmz-viewer")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	file := filepath.Join(tmp, "lmz.wasm")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", file, "github.com/lmz-go/lmz/viewer")
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS=", "CGO_LDFLAGS=")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go build: %w", err)
	}
	program, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err == nil {
		_, err = z.Write(program)
	}
	if err == nil {
		err = z.Close()
	}
	return out.Bytes(), err
}
