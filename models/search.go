package models

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// PathVariable is the environment variable that lists files and folders with models, separated as
// in $PATH.
const PathVariable = "LMZ_MODEL_PATH"

// SearchPath is where models are looked for: what $LMZ_MODEL_PATH lists, then
// $XDG_DATA_HOME/lmz/models, which is ~/.local/share/lmz/models when the variable is not set.
// Entries need not exist.
func SearchPath() []string {
	var path []string
	for _, p := range filepath.SplitList(os.Getenv(PathVariable)) {
		if p != "" {
			path = append(path, p)
		}
	}
	data := os.Getenv("XDG_DATA_HOME")
	if !filepath.IsAbs(data) { // the XDG specification: a relative path is to be ignored
		home, err := os.UserHomeDir()
		if err != nil {
			return path
		}
		data = filepath.Join(home, ".local", "share")
	}
	return append(path, filepath.Join(data, "lmz", "models"))
}

// candidates lists the model files of a search path in its order: entries that are files as they
// are, and of folders the *.gguf files below them. What cannot be read is left out: a broken folder
// must not hide the others. When ctx ends it lists no more.
func candidates(ctx context.Context, path []string) []string {
	var files []string
	seen := map[string]bool{}
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			files = append(files, name)
		}
	}
	for _, p := range path {
		if info, err := os.Stat(p); err == nil && info.Mode().IsRegular() {
			add(p)
			continue
		}
		if real, err := filepath.EvalSymlinks(p); err == nil { // WalkDir enters no link
			p = real
		}
		filepath.WalkDir(p, func(name string, d fs.DirEntry, err error) error {
			if ctx.Err() != nil {
				return fs.SkipAll
			}
			if err == nil && isModelFile(name, d) {
				add(name)
			}
			return nil
		})
	}
	return files
}

func isModelFile(name string, d fs.DirEntry) bool {
	if !strings.EqualFold(filepath.Ext(name), ".gguf") {
		return false
	}
	info, err := os.Stat(name) // follows links, which is how many tools store models
	return err == nil && info.Mode().IsRegular() && !d.IsDir()
}
