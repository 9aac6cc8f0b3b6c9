//go:build llama && cgo

package llama

// #include "bridge.h"
// #include <stdlib.h>
import "C"

import (
	"context"
	"fmt"
	"os"
	"unsafe"

	"github.com/lmz-go/lmz/internal/gguf"
)

var fileTypes = map[string]C.enum_llama_ftype{
	"F32": C.LLAMA_FTYPE_ALL_F32, "F16": C.LLAMA_FTYPE_MOSTLY_F16, "BF16": C.LLAMA_FTYPE_MOSTLY_BF16,
	"Q8_0": C.LLAMA_FTYPE_MOSTLY_Q8_0, "Q6_K": C.LLAMA_FTYPE_MOSTLY_Q6_K, "Q5_K_M": C.LLAMA_FTYPE_MOSTLY_Q5_K_M,
	"Q4_K_M": C.LLAMA_FTYPE_MOSTLY_Q4_K_M, "Q4_0": C.LLAMA_FTYPE_MOSTLY_Q4_0,
}

// Quantize writes the model file src to the file dst with its matrices in the type ftype, such as
// "Q8_0" (llama_model_quantize). dst is written under another name first and renamed when it is
// complete.
func Quantize(dst, src, ftype string) error {
	t, ok := fileTypes[ftype]
	if !ok {
		return fmt.Errorf("quantize: unknown type %q", ftype)
	}
	err := checkFile(src)
	if err != nil {
		return fmt.Errorf("quantize %s: %w", src, err)
	}
	if _, err := LoadBackend(""); err != nil {
		return err
	}
	loading.Acquire(context.Background(), 1)
	defer loading.Release(1)
	takeReason()
	part := dst + ".part"
	csrc, cdst := C.CString(src), C.CString(part)
	defer C.free(unsafe.Pointer(csrc))
	defer C.free(unsafe.Pointer(cdst))
	if rc := C.lmz_quantize(csrc, cdst, t); rc != 0 {
		os.Remove(part)
		return fmt.Errorf("quantize %s: libllama returned %d%s", src, rc, takeReason())
	}
	return os.Rename(part, dst)
}

// checkFile is check for the file at path.
func checkFile(path string) error {
	h, err := gguf.ReadFile(path)
	if err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return check(h, f)
}
