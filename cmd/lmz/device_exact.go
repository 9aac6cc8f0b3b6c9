//go:build linux && (amd64 || arm64) && cgo

package main

import (
	"github.com/lmz-go/lmz/exact/gpu"
	"github.com/lmz-go/lmz/models"
)

// exactDevices names the devices that compute class exact besides the processor. A program that is
// linked statically has none: it cannot load a driver.
func exactDevices() ([]string, error) { return gpu.Devices() }

// exactOn opens models of class exact on the device of this number.
func exactOn(device int) models.Backend { return gpu.Backend{Device: device} }
