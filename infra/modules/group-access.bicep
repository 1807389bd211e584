// What the app may do in one resource group that it deploys to.

import { contributor, onlyThese, roleBasedAccessControlAdministrator } from 'roles.bicep'

@description('Object id of the identity that the app acts as.')
param principalId string

@description('GUIDs of the roles that the app may give to service principals.')
param givenRoleIds string[]

resource deploys 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(resourceGroup().id, principalId, contributor)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', contributor)
  }
}

resource givesRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(givenRoleIds)) {
  name: guid(resourceGroup().id, principalId, roleBasedAccessControlAdministrator)
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
