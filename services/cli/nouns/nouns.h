#pragma once

#include <vector>

#include "services/cli/command.h"

namespace weft::cli {

// The grammar of `weft`, noun by noun, in the order of the help.
Nouns AllNouns();

Noun GroupNoun();
Noun ServerNoun();
Noun OperationNoun();
Noun TopologyNoun();
Noun HealthNoun();
Noun WhyNoun();
Noun EventsNoun();
Noun AuditNoun();
Noun ThreatNoun();
Noun NodeNoun();
Noun ManageNoun();
Noun AccountNoun();
Noun UserNoun();
Noun RoleNoun();
Noun ProviderNoun();
Noun MachineNoun();
Noun SnapshotNoun();
Noun SandboxNoun();
Noun ShellNoun();
Noun CompletionNoun();
Noun VersionNoun();

// The parts of the noun "group".
std::vector<Command> GroupRecordCommands();   // create, list, show, set, destroy
std::vector<Command> GroupMemberCommands();   // add, remove, lookup-servers
std::vector<Command> GroupPrimaryCommands();  // promote, demote, activate, deactivate, adopt
Command GroupHealthCommand();                 // the same as `weft health`
Command GroupDurabilityCommand();
std::vector<Command> GroupGuardCommands();  // acknowledge, maintenance
std::vector<Command> GroupScaleCommands();  // scale, heal

// A part of the noun "manage".
Command FailoverSwitchCommand();

}  // namespace weft::cli
