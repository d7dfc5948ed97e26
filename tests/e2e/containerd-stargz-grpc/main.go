// stargz-snapshotter's daemon. Its own is in a module without versions, which `go install` cannot name; the service is the
// same. It finds registries in the folder where containerd has its hosts.toml.
package main

import (
	"context"
	"flag"
	"log"
	"net"

	snapshotsapi "github.com/containerd/containerd/api/services/snapshots/v1"
	"github.com/containerd/containerd/v2/contrib/snapshotservice"
	"github.com/containerd/stargz-snapshotter/fs/config"
	"github.com/containerd/stargz-snapshotter/service"
	"github.com/containerd/stargz-snapshotter/service/resolver"
	"google.golang.org/grpc"
)

func main() {
	address := flag.String("address", "", "socket to listen on")
	root := flag.String("root", "", "folder for the snapshots")
	hosts := flag.String("hosts-dir", "", "folder of containerd's hosts.toml")
	lazy := flag.Bool("lazy", false, "fetch nothing that nobody has read")
	flag.Parse()

	ctx := context.Background()
	settings := service.Config{Config: config.Config{NoPrefetch: *lazy, NoBackgroundFetch: *lazy, NoPrometheus: true}}
	snapshotter, err := service.NewStargzSnapshotterService(ctx, *root, &settings,
		service.WithCustomRegistryHosts(resolver.RegistryHostsFromCRIConfig(ctx, resolver.Registry{ConfigPath: *hosts})))
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("unix", *address)
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	snapshotsapi.RegisterSnapshotsServer(server, snapshotservice.FromSnapshotter(snapshotter))
	log.Print("listening")
	log.Fatal(server.Serve(listener))
}
