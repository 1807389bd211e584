// What the app may do on an artifact storage account: read and write its blobs, find it, and let sites read packages.

import { onlyThese, roleBasedAccessControlAdministrator, storageBlobDataContributor, storageBlobDataReader } from 'roles.bicep'

@description('Name of the storage account, which is there.')
param accountName string

@description('Object id of the identity that the app acts as.')
param principalId string

@description('Id of that identity, which is known before its object id is.')
param principalResourceId string

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: accountName
}

resource usesBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account
  name: guid(account.id, principalResourceId, storageBlobDataContributor)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
  }
}

resource givesReaders 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account
  name: guid(account.id, principalResourceId, roleBasedAccessControlAdministrator)
  properties: {
    condition: onlyThese([storageBlobDataReader])
    conditionVersion: '2.0'
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roleBasedAccessControlAdministrator
    )
  }
}
