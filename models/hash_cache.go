package models

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// hashCache remembers the SHA-256 of model files between runs, so that looking for one among many gigabytes of models does
// not read them all again. It only says which file to try: a model that is opened is hashed again, so a stale entry
// costs time and never the right model.
type hashCache struct {
	file    string // "" remembers nothing beyond this run
	entries map[string]hashEntry
}

// hashEntry holds for as long as the file's size and modification time stay the same.
type hashEntry struct {
	Size   int64  `json:"size"`
	Mtime  int64  `json:"mtime"` // nanoseconds since 1970
	SHA256 string `json:"sha256"`
}

func openHashCache(dir string) *hashCache {
	c := &hashCache{entries: map[string]hashEntry{}}
	if dir == "" {
		return c
	}
	c.file = filepath.Join(dir, "model-hashes.json")
	if b, err := os.ReadFile(c.file); err == nil && json.Unmarshal(b, &c.entries) != nil {
		c.entries = map[string]hashEntry{}
	}
	return c
}

// sum gives the hash of the file at path, from memory when size and time agree.
func (c *hashCache) sum(path string) (sum [32]byte, err error) {
	if sum, ok := c.remembered(path); ok {
		return sum, nil
	}
	key, err := filepath.Abs(path)
	if err != nil {
		return sum, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return sum, err
	}
	if sum, err = hashFile(path); err != nil {
		return sum, err
	}
	c.entries[key] = hashEntry{Size: info.Size(), Mtime: info.ModTime().UnixNano(), SHA256: hex.EncodeToString(sum[:])}
	c.save()
	return sum, nil
}

// remembered gives the hash of the file at path if it is remembered and size and time agree.
func (c *hashCache) remembered(path string) (sum [32]byte, ok bool) {
	key, err := filepath.Abs(path)
	if err != nil {
		return sum, false
	}
	info, err := os.Stat(path)
	if err != nil {
		return sum, false
	}
	entry, ok := c.entries[key]
	if !ok || entry.Size != info.Size() || entry.Mtime != info.ModTime().UnixNano() {
		return sum, false
	}
	b, err := hex.DecodeString(entry.SHA256)
	if err != nil || len(b) != len(sum) {
		return sum, false
	}
	return [32]byte(b), true
}

// forget drops what is remembered of a file that turned out to be another.
func (c *hashCache) forget(path string) {
	if key, err := filepath.Abs(path); err == nil {
		delete(c.entries, key)
		c.save()
	}
}

// save is best effort: without a cache everything works, later.
func (c *hashCache) save() {
	if c.file == "" {
		return
	}
	b, err := json.MarshalIndent(c.entries, "", "\t")
	if err != nil {
		return
	}
	if os.MkdirAll(filepath.Dir(c.file), 0o700) == nil {
		_ = renameio.WriteFile(c.file, b, 0o600, renameio.WithTempDir(filepath.Dir(c.file)))
	}
}

func hashFile(path string) (sum [32]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return sum, err
	}
	return [32]byte(h.Sum(nil)), nil
}
