package main

import (
	"archive/tar"
	"io"
	"path/filepath"
	"strings"
)

// untar puts the files of an archive's content into files.
func untar(z io.Reader, r *record, files map[string][]byte) error {
	if !strings.Contains(r.Archive, ".tar.lmz") {
		content, err := io.ReadAll(z)
		s := r.Sources[0].Key
		files[filepath.Base(filepath.Dir(s))+"/"+filepath.Base(s)] = content
		return err
	}
	t := tar.NewReader(z)
	for {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		content, err := io.ReadAll(t)
		if err != nil {
			return err
		}
		files[h.Name] = content
	}
}
