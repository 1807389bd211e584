"""Networks: address spaces and subnets, interfaces, security, private endpoints and private names."""

from emulator.arm.behaviours.network import (
    balancers,
    interfaces,
    peerings,
    private_dns,
    private_endpoints,
    public_addresses,
    security_groups,
    subnets,
    virtual_networks,
)

_MODULES = (
    virtual_networks,
    subnets,
    peerings,
    security_groups,
    public_addresses,
    interfaces,
    balancers,
    private_endpoints,
    private_dns,
)
BEHAVIOURS = {kind: behaviour for module in _MODULES for kind, behaviour in module.BEHAVIOURS.items()}
