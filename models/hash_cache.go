package models

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/lmz-go/lmz/internal/gguf"
)

// hashCache remembers the SHA-256 of model files between runs, so that looking for one among many
// gigabytes of models does not read them all again. It only says which file to try first: a model
// that is opened is hashed again, and before a model is said not to be here all files are. So a
// stale, broken or lying cache costs time and never the right model.
type hashCache struct {
	file    string               // "" remembers nothing beyond this run
	entries map[string]hashEntry // by absolute path
	own     map[string]hashEntry // those that this run computed
}

// hashEntry is what is known of a file.
type hashEntry struct {
	fileStamp
	SHA256 string `json:"sha256"`
	// First is what SHA256 was first with this size and modification time, if it was another.
	First string `json:"first,omitempty"`
}

// fileStamp tells versions of a file apart. The time of its last change catches a content that was
// replaced and got its old modification time back, as by cp -p.
type fileStamp struct {
	Size  int64  `json:"size"`
	Mtime int64  `json:"mtime"` // nanoseconds since 1970
	Ctime int64  `json:"ctime"` // the same, 0 where the system has none
	Inode uint64 `json:"inode"` // 0 where the system has none
}

// maxHashCache is more bytes than any real cache has.
const maxHashCache = 16 << 20

func openHashCache(dir string) *hashCache {
	c := &hashCache{entries: map[string]hashEntry{}, own: map[string]hashEntry{}}
	if dir != "" {
		c.file = filepath.Join(dir, "model-hashes.json")
		c.entries = readHashCache(c.file)
	}
	return c
}

// readHashCache gives the entries that make sense.
func readHashCache(file string) map[string]hashEntry {
	entries := map[string]hashEntry{}
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxHashCache {
		return entries
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return entries
	}
	var raw map[string]json.RawMessage
	if json.Unmarshal(b, &raw) != nil {
		return entries
	}
	for path, text := range raw {
		var e hashEntry
		if json.Unmarshal(text, &e) != nil {
			continue
		}
		if _, ok := parseSHA256(e.SHA256); ok {
			entries[path] = e
		}
	}
	return entries
}

// sum gives the hash of the file at path, from memory when its stamp agrees.
func (c *hashCache) sum(ctx context.Context, path string) (sum [32]byte, err error) {
	key, stamp, err := stampOf(path)
	if err != nil {
		return sum, err
	}
	if e := c.entries[key]; e.fileStamp == stamp {
		if sum, ok := parseSHA256(e.SHA256); ok {
			return sum, nil
		}
	}
	return c.compute(ctx, path)
}

// proven is sum from the bytes of the file, read in this run.
func (c *hashCache) proven(ctx context.Context, path string) (sum [32]byte, err error) {
	key, stamp, err := stampOf(path)
	if err != nil {
		return sum, err
	}
	if e, ok := c.own[key]; ok && e.fileStamp == stamp {
		sum, _ = parseSHA256(e.SHA256)
		return sum, nil
	}
	return c.compute(ctx, path)
}

// compute hashes the file at path and remembers the result, if the file stayed the same meanwhile.
func (c *hashCache) compute(ctx context.Context, path string) (sum [32]byte, err error) {
	key, before, err := stampOf(path)
	if err != nil {
		return sum, err
	}
	if sum, err = hashFile(ctx, path); err != nil {
		return sum, err
	}
	if _, after, err := stampOf(path); err != nil || after != before {
		return sum, err
	}
	e := hashEntry{fileStamp: before, SHA256: hex.EncodeToString(sum[:])}
	if old, ok := c.entries[key]; ok && old.Size == e.Size && old.Mtime == e.Mtime {
		if e.First = old.First; e.First == "" {
			e.First = old.SHA256
		}
		if e.First == e.SHA256 {
			e.First = ""
		}
	}
	c.entries[key], c.own[key] = e, e
	c.save()
	return sum, nil
}

// first is what a file that compute has hashed was first found to be with its size and modification
// time.
func (c *hashCache) first(path string) (sum [32]byte) {
	if key, _, err := stampOf(path); err == nil {
		e := c.entries[key]
		var ok bool
		if sum, ok = parseSHA256(e.First); !ok {
			sum, _ = parseSHA256(e.SHA256)
		}
	}
	return sum
}

// save is best effort: without a cache everything works, later. What other processes wrote
// meanwhile is kept but for the files that this one hashed; of two that write at once the last one
// wins.
func (c *hashCache) save() {
	if c.file == "" {
		return
	}
	entries := readHashCache(c.file)
	for path, e := range c.own {
		entries[path] = e
	}
	b, err := json.MarshalIndent(entries, "", "\t")
	if err != nil {
		return
	}
	dir := filepath.Dir(c.file)
	if os.MkdirAll(dir, 0o700) != nil {
		return
	}
	f, err := os.CreateTemp(dir, "model-hashes-*")
	if err != nil {
		return
	}
	_, err = f.Write(b)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), c.file)
	}
	if err != nil {
		os.Remove(f.Name())
	}
}

func stampOf(path string) (key string, stamp fileStamp, err error) {
	if key, err = filepath.Abs(path); err != nil {
		return "", stamp, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", stamp, err
	}
	stamp = fileStamp{Size: info.Size(), Mtime: info.ModTime().UnixNano()}
	stamp.Ctime, stamp.Inode = changed(path)
	return key, stamp, nil
}

func parseSHA256(text string) (sum [32]byte, ok bool) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(sum) {
		return sum, false
	}
	return [32]byte(b), true
}

func hashFile(ctx context.Context, path string) (sum [32]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	return gguf.Hash(ctx, f)
}
