// Roles of Armature's identity where it is to deploy: a subscription, or some of its resource groups and no more.

targetScope = 'subscription'

import {
  contributor
  onlyThese
  roleBasedAccessControlAdministrator
  storageBlobDataContributor
  storageBlobDataReader
} from 'modules/roles.bicep'

@description('Object id of the identity that the app acts as: the output identityPrincipalId of main.bicep.')
param principalId string

@description('Resource groups, which are there, that the app may deploy to. None: the whole subscription.')
param resourceGroups string[] = []

@description('Whether the app may give service principals roles: its own identity on artifact storage, sites on their packages.')
param mayGiveRoles bool = true

@description('GUIDs of further roles that the app may then give to service principals: those that bundles assign.')
param furtherRoleIds string[] = []

var isWhole = empty(resourceGroups)
var givenRoleIds = concat([storageBlobDataContributor, storageBlobDataReader], furtherRoleIds)

resource deploys 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (isWhole) {
  name: guid(subscription().id, principalId, contributor)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', contributor)
  }
}

resource givesRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (isWhole && mayGiveRoles) {
  name: guid(subscription().id, principalId, roleBasedAccessControlAdministrator)
  properties: {
    condition: onlyThese(givenRoleIds)
    conditionVersion: '2.0'
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roleBasedAccessControlAdministrator
    )
  }
}

// A role has one name in the whole directory, so each subscription's has its own.
resource visitor 'Microsoft.Authorization/roleDefinitions@2022-04-01' = if (!isWhole) {
  name: guid(subscription().id, 'armature-visitor')
  properties: {
    roleName: 'Armature visitor of ${subscription().subscriptionId}'
    description: 'See the subscription, its resource groups and providers, and register providers.'
    type: 'CustomRole'
    assignableScopes: [
      subscription().id
    ]
    permissions: [
      {
        actions: [
          'Microsoft.Resources/subscriptions/read'
          'Microsoft.Resources/subscriptions/providers/read'
          'Microsoft.Resources/subscriptions/resourceGroups/read'
          '*/register/action'
        ]
      }
    ]
  }
}

resource visits 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!isWhole) {
  name: guid(subscription().id, principalId, 'armature-visitor')
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: visitor.id
  }
}

module groupAccess 'modules/group-access.bicep' = [
  for name in resourceGroups: {
    scope: resourceGroup(name)
    params: {
      givenRoleIds: mayGiveRoles ? givenRoleIds : []
      principalId: principalId
    }
  }
]
