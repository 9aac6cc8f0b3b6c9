package models

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// minPrefix is the least number of hexadecimal digits that are taken for the start of a hash.
const minPrefix = 8

// Locate finds the model file that a user names, without opening it as a model. A name is, in this
// order: nothing or EmbeddedName for the first embedded model; the name of an embedded one; the
// path of a file; the name, with or without .gguf, of a file on the search path; the name of a
// released model whose file is there; at least 8 digits of the start of a SHA-256. The error is a
// *NotFoundError when nothing fits; another one when several hashes begin so, or a path leads to no
// file.
func (s *Store) Locate(name string) (File, error) {
	ctx := context.Background()
	if err := s.begin(ctx); err != nil {
		return File{}, err
	}
	defer s.lock.Release(1)
	return s.locate(ctx, name)
}

func (s *Store) locate(ctx context.Context, name string) (File, error) {
	if f, ok := s.embeddedNamed(name); ok {
		return f, nil
	}
	if name == "" || name == EmbeddedName {
		return File{}, s.notFound(&NotFoundError{Query: EmbeddedName})
	}
	info, err := os.Stat(name)
	isFolder := err == nil && info.IsDir() // which a model may share its name with
	switch {
	case err == nil && !isFolder:
		return File{Path: name}, nil
	case isFolder && strings.ContainsRune(name, filepath.Separator):
		return File{}, folderError(name)
	case strings.ContainsRune(name, filepath.Separator):
		return File{}, err
	}
	files := candidates(ctx, s.path)
	for _, path := range files {
		if filepath.Base(path) == name || withoutExt(path) == name {
			return File{Path: path}, nil
		}
	}
	missing := &NotFoundError{Query: name}
	if r, ok := releasedNamed(name); ok {
		for _, path := range files {
			if filepath.Base(path) != r.File {
				continue
			}
			if sum, err := s.hashes.proven(ctx, path); err == nil && sum == r.SHA256 {
				return File{Path: path}, nil
			}
			missing.other = path
		}
	}
	if err := ctx.Err(); err != nil {
		return File{}, err
	}
	if isHashPrefix(name) {
		return s.byHash(ctx, strings.ToLower(name))
	}
	if isFolder {
		return File{}, folderError(name)
	}
	return File{}, s.notFound(missing)
}

func folderError(name string) error { return fmt.Errorf("model %s: is a folder", quoted(name)) }

func isHashPrefix(name string) bool {
	return len(name) >= minPrefix && len(name) <= 64 && strings.Trim(name, "0123456789abcdefABCDEF") == ""
}

// byHash finds the one model whose hash starts with these digits.
func (s *Store) byHash(ctx context.Context, prefix string) (File, error) {
	var found []File
	seen := map[[32]byte]bool{}
	add := func(f File, sum [32]byte) {
		if strings.HasPrefix(hex.EncodeToString(sum[:]), prefix) && !seen[sum] {
			seen[sum] = true
			found = append(found, f)
		}
	}
	for _, m := range s.embedded {
		add(File{embedded: m}, m.sha256)
	}
	files := candidates(ctx, s.path)
	for _, sum := range s.sums(ctx) {
		for _, path := range files {
			got, err := sum(path)
			if err == nil && strings.HasPrefix(hex.EncodeToString(got[:]), prefix) {
				got, err = s.hashes.proven(ctx, path)
			}
			if ctx.Err() != nil {
				return File{}, ctx.Err()
			}
			if err == nil {
				add(File{Path: path}, got)
			}
		}
		if len(found) > 0 {
			break
		}
	}
	if err := ctx.Err(); err != nil {
		return File{}, err
	}
	switch len(found) {
	case 0:
		return File{}, s.notFound(&NotFoundError{Query: prefix})
	case 1:
		return found[0], nil
	}
	return File{}, &ambiguousError{prefix, found}
}
