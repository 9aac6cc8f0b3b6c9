package llama

// Options of Open and OpenBytes.
type Options struct {
	// Class is the numeric class whose bits the logits shall be, one of Classes(). Empty: the class of the backend that
	// is loaded already, else DefaultClass().
	Class string
}

// Backend is libggml's CPU plug-in that this process computes with.
type Backend struct {
	Class string
	Path  string // of the plug-in; empty when libggml has its CPU backend built in
}

// Device is a device that libggml could compute on. Models run on the CPU only.
type Device struct {
	Name        string
	Description string
	Kind        string // "cpu", "gpu", "igpu", "accel" or "other"
	MemoryFree  uint64 // bytes
	MemoryTotal uint64 // bytes
}

// TokenAttr is a set of attributes of a token, as in llama_token_attr.
type TokenAttr uint32

const (
	TokenUnknown     TokenAttr = 1 << 0
	TokenUnused      TokenAttr = 1 << 1
	TokenNormal      TokenAttr = 1 << 2
	TokenControl     TokenAttr = 1 << 3
	TokenUserDefined TokenAttr = 1 << 4
	TokenByte        TokenAttr = 1 << 5
)
