package models

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// minPrefix is the least number of hexadecimal digits that are taken for the start of a hash.
const minPrefix = 8

// Locate finds the model file that a user names, without opening it as a model. A name is, in this order: nothing or
// EmbeddedName for the default embedded model; the name of an embedded one; the path of a file; the name, with or without
// .gguf, of a file on the search path; the name of a released model whose file is there; at least 8 digits of the start of
// a SHA-256. The error is a *NotFoundError when nothing fits, and an *AmbiguousError when several hashes begin so.
func (s *Store) Locate(name string) (File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.locate(name)
}

func (s *Store) locate(name string) (File, error) {
	if name == "" || IsEmbeddedName(name) {
		return EmbeddedFile(name), nil
	}
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return File{}, fmt.Errorf("model %s: is a folder", name)
	case err == nil:
		return File{Path: name}, nil
	case strings.ContainsRune(name, filepath.Separator):
		return File{}, err
	}
	files := candidates(s.path)
	for _, path := range files {
		if base := filepath.Base(path); base == name || strings.TrimSuffix(base, filepath.Ext(base)) == name {
			return File{Path: path}, nil
		}
	}
	if r, ok := releasedNamed(name); ok {
		for _, path := range files {
			if filepath.Base(path) != r.File {
				continue
			}
			if sum, err := s.hashes.sum(path); err == nil && sum == r.SHA256 {
				return File{Path: path}, nil
			}
		}
	}
	if isHashPrefix(name) {
		return s.byHash(strings.ToLower(name))
	}
	return File{}, &NotFoundError{Query: name, Looked: s.path}
}

func isHashPrefix(name string) bool {
	return len(name) >= minPrefix && len(name) <= 64 && strings.Trim(name, "0123456789abcdefABCDEF") == ""
}

// byHash finds the one model whose hash starts with these digits.
func (s *Store) byHash(prefix string) (File, error) {
	var found []File
	seen := map[string]bool{}
	for _, f := range s.List() {
		sum, err := s.sum(f)
		text := hex.EncodeToString(sum[:])
		if err == nil && strings.HasPrefix(text, prefix) && !seen[text] {
			seen[text] = true
			found = append(found, f)
		}
	}
	switch len(found) {
	case 0:
		return File{}, &NotFoundError{Query: prefix, Looked: s.path}
	case 1:
		return found[0], nil
	}
	return File{}, &AmbiguousError{Prefix: prefix, Found: found}
}
