//go:build unix

package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"

	"github.com/google/renameio/v2"

	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/internal/train"
)

var forms = map[string]gguf.TensorType{"f32": gguf.F32, "f16": gguf.F16, "q8_0": gguf.Q8_0, "q4_0": gguf.Q4_0}

func loadRun(out, folder string) (*train.Model, error) {
	f, err := os.Open(checkpoint(folder))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := train.LoadModel(f)
	if err != nil {
		return nil, err
	}
	m.Metadata, err = vocabulary(out)
	return m, err
}

func exportModel(out, folder, file, form, name string) error {
	t, ok := forms[form]
	if !ok {
		return fmt.Errorf("type %q is not f32, f16, q8_0 or q4_0", form)
	}
	m, err := loadRun(out, folder)
	if err != nil {
		return err
	}
	m.SetName(name)
	var b bytes.Buffer
	if err := m.Write(&b, t); err != nil {
		return err
	}
	if err := renameio.WriteFile(file, b.Bytes(), 0o644); err != nil {
		return err
	}
	fmt.Printf("%s %d bytes, SHA-256 %x\n", file, b.Len(), sha256.Sum256(b.Bytes()))
	return nil
}
