package llama

import "fmt"

// The libraries whose bits the numeric classes are: what third_party/llama.lock pins. Versions of
// libllama differ by up to 0.66 in logits under the same class name.
const (
	libllamaVersion = "0.7.0"
	libggmlVersion  = "0.27.0"
)

// library is what can be known of a libllama before a model is opened.
type library struct {
	llama, ggml string // versions
	devices     []device
}

// device is one of those that libggml computes on.
type device struct {
	cpu               bool
	name, description string
}

// check refuses a library that does not compute the numeric classes.
func (l library) check() error {
	if l.llama != libllamaVersion || l.ggml != libggmlVersion {
		return &LibraryError{
			Found:  fmt.Sprintf("libllama %s with libggml %s", l.llama, l.ggml),
			Want:   fmt.Sprintf("libllama %s with libggml %s, whose bits the numeric classes are", libllamaVersion, libggmlVersion),
			Remedy: "build lmz with make, which fetches that libllama, or name one in PKG_CONFIG_PATH",
		}
	}
	for _, d := range l.devices {
		if !d.cpu {
			return &LibraryError{
				Found:  fmt.Sprintf("libggml with the device %s (%s)", printable(d.name), printable(d.description)),
				Want:   "one that has the CPU alone: other devices give some batches other bits",
				Remedy: "build lmz with make, which fetches such a libggml, or build one with -DGGML_BLAS=OFF, -DGGML_METAL=OFF and the like",
			}
		}
	}
	return nil
}
