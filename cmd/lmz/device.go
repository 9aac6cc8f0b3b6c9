package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/exact"
	"github.com/lmz-go/lmz/llama"
)

// listDevices is the --device that lists what there is.
const listDevices = "list"

// Lanes of a GPU's class unless the user says how many: what is computed together is one more.
// Mesa's device on the CPU gains nothing from many.
const (
	gpuLanes      = 63
	softwareLanes = 7
)

func defaultLanes(d llama.Device) int {
	if d.Software() {
		return softwareLanes
	}
	return gpuLanes
}

// chooseDevice turns --device into --class, or lists devices in place of what the command does.
func (a *app) chooseDevice() error {
	switch a.device {
	case "":
		return nil
	case listDevices:
		if err := a.listDevices(); err != nil {
			return err
		}
		return exitStatus(exitOK)
	}
	if a.class == exact.Class {
		return a.chooseExactDevice()
	}
	if a.class != "" {
		return ui.Usage("--device and --class exclude each other", "the class names the device; only class exact has the same bits on all")
	}
	name, lanes := cutLanes(a.device)
	found := llama.Devices(strings.ToLower(name))
	switch {
	case len(found) == 0:
		return ui.Usage(fmt.Sprintf("--device %s: there is no such GPU", a.device), `"lmz --device list" lists them; make gpu GPU=vulkan sets up what drives them`)
	case found[0].Class(1) != found[len(found)-1].Class(1):
		return ui.Usage(fmt.Sprintf("--device %s is %s and %s", a.device, found[0].Class(1), found[len(found)-1].Class(1)), "give more of the name")
	}
	if lanes == 0 {
		lanes = defaultLanes(found[0])
	}
	a.class = found[0].Class(lanes)
	return nil
}

// cutLanes cuts the number of lanes off what ends in it, such as the class of a GPU; 0: there is
// none.
func cutLanes(name string) (before string, lanes int) {
	if at := strings.LastIndex(name, "-L"); at >= 0 {
		if n, err := strconv.Atoi(name[at+2:]); err == nil {
			return name[:at], n
		}
	}
	return name, 0
}

// lanesOf is the number of lanes of a class of a GPU; 0: it is none of one.
func lanesOf(class string) int {
	_, lanes := cutLanes(class)
	return lanes
}

// exactLanes are those of the method lm on a GPU of class exact unless the user says how many: what
// changes no byte, but the speed.
const exactLanes = 256

// chooseExactDevice has models of class exact computed on the device.
func (a *app) chooseExactDevice() error {
	names, err := exactDevices()
	if err != nil {
		return ui.Usage("--device with --class exact: "+err.Error(), "it needs a driver of Vulkan and libvulkan.so.1; docs/DETERMINISM.md")
	}
	i := slices.IndexFunc(names, func(name string) bool { return strings.Contains(strings.ToLower(name), strings.ToLower(a.device)) })
	if i < 0 {
		return ui.Usage(fmt.Sprintf("--device %s: there is no such GPU", a.device), `"lmz --device list" lists them`)
	}
	a.backend, a.exactDevice = exactOn(i), true
	return nil
}

// gpuClasses are those of this machine's GPUs, with the lanes that they have by default.
func gpuClasses() []string {
	classes := []string{}
	for _, d := range llama.Devices("") {
		classes = append(classes, d.Class(defaultLanes(d)))
	}
	return classes
}

// listDevices shows the GPUs, with the class that --device takes.
func (a *app) listDevices() error {
	if err := a.checkStdout(); err != nil {
		return err
	}
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "device\tclass\tdescription")
	for _, d := range llama.Devices("") {
		fmt.Fprintf(t, "%s\t%s\t%s\n", d.Family, d.Class(defaultLanes(d)), ui.Printable(d.Description))
	}
	names, _ := exactDevices()
	for _, name := range names {
		fmt.Fprintf(t, "%s\t%s\tcomputes it on the GPU with --class exact\n", ui.Printable(name), exact.Class)
	}
	return t.Flush()
}
