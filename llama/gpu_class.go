package llama

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// gpuBackends are the plug-ins of libggml that compute on GPUs, as its file names have them.
var gpuBackends = []string{"metal", "vulkan"}

// maxGPULanes is one less than the most sequences of a context of libllama (LLAMA_MAX_SEQ).
const maxGPULanes = 255

// gpuClass is a numeric class of one kind of GPU. There a row of logits depends on how many rows
// are computed with it, so every llama_decode has one token of each of as many lanes as the class
// says. Its name is backend-family-Llanes, such as vulkan-llvmpipe-L8.
type gpuClass struct {
	backend string
	family  string // of the device: its name, of small letters, digits and hyphens
	lanes   int    // 1 … maxGPULanes
}

func (c gpuClass) String() string { return fmt.Sprintf("%s-%s-L%d", c.backend, c.family, c.lanes) }

// parseGPUClass reads the name of a class; ok is false if it is none of a GPU.
func parseGPUClass(name string) (c gpuClass, ok bool) {
	backend, rest, _ := strings.Cut(name, "-")
	at := strings.LastIndex(rest, "-L")
	if at < 1 || !slices.Contains(gpuBackends, backend) {
		return c, false
	}
	lanes, err := strconv.Atoi(rest[at+2:])
	c = gpuClass{backend, rest[:at], lanes}
	return c, err == nil && lanes >= 1 && lanes <= maxGPULanes && c.String() == name && familyOf(c.family) == c.family
}

// familyLength keeps names of classes below the 64 bytes that an archive's header has for them.
const familyLength = 40

// familyOf turns the description of a device into a part of names: "NVIDIA H100 80GB HBM3" into
// nvidia-h100-80gb-hbm3. What stands in brackets, the driver or the compiler, is left to the probe.
func familyOf(description string) string {
	before, _, _ := strings.Cut(strings.ToLower(description), "(")
	words := strings.FieldsFunc(before, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	family := strings.Join(words, "-")
	return strings.TrimSuffix(family[:min(len(family), familyLength)], "-")
}

// Device is a GPU that libggml computes on.
type Device struct {
	Backend     string // metal or vulkan
	Family      string // as names of classes have it
	Description string // libggml's
}

// software is the family of Mesa's Vulkan device on the CPU, which libggml takes for none unless it
// is asked for.
const software = "llvmpipe"

// Software says whether the device is no GPU but a CPU that computes as one.
func (d Device) Software() bool { return d.Family == software }

// Class is the numeric class that computes on the device with this many lanes.
func (d Device) Class(lanes int) string { return gpuClass{d.Backend, d.Family, lanes}.String() }
